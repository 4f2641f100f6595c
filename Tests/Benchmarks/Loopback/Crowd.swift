/// A process in the role ``Ends``.
struct Crowd {
  let child: Child
  private(set) var addresses: [String] = []

  init(of count: Int, listens: Bool, areMessengers: Bool = false) throws {
    let flags = (listens ? ["--listen"] : []) + (areMessengers ? ["--messengers"] : [])
    child = try Child(role: "ends", ["\(count)"] + flags)
    while case let line = try child.readLine(within: 300), line != "ready" { addresses.append(line) }
  }
}

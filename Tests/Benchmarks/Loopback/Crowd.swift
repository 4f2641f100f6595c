/// A process in the role ``Ends``.
struct Crowd {
  let child: Child
  private(set) var addresses: [String] = []

  init(of count: Int, listens: Bool, areMessengers: Bool = false, relay: String? = nil) throws {
    var flags = (listens ? ["--listen"] : []) + (areMessengers ? ["--messengers"] : [])
    if let relay { flags += ["--relay", relay] }
    child = try Child(role: "ends", ["\(count)"] + flags)
    while case let line = try child.readLine(within: 300), line != "ready" { addresses.append(line) }
  }

  /// How many of them hold a reservation.
  func held() throws -> Int {
    try child.writeLine("held")
    let line = try child.readLine(within: 300)
    guard let count = Int(line) else { throw BenchError("the crowd says \(line)") }
    return count
  }
}

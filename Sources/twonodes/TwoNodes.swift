// Two nodes in one process find each other, open a stream and say hello.
//
//   swift run twonodes

import Meshwork

@main
struct TwoNodes {
  static func main() async throws {
    // Ann listens on a free port of this machine; Bob only dials.
    var configuration = Configuration(identity: .ephemeral())
    configuration.listen = [try Multiaddr("/ip4/127.0.0.1/tcp/0")]
    let ann = MeshNode(configuration)
    configuration = Configuration(identity: .ephemeral())
    configuration.listen = []
    let bob = MeshNode(configuration)

    // Ann answers everyone who speaks `/hello/1.0.0` to her.
    await ann.handle("/hello/1.0.0") { stream in
      do {
        while let words = try await stream.read() {
          print("ann hears: \(String(buffer: words))")
          try await stream.write("Hello, \(stream.peer)!")
        }
      } catch {
        print("the stream broke: \(error)")
      }
    }
    try await ann.start()
    try await bob.start()

    // Bob knows where Ann is and who she is; nobody else can take her place.
    let address = await ann.info().listenAddresses[0]
    let connection = try await bob.connect(to: Multiaddr("\(address)/p2p/\(ann.peerID)"))
    print("connected in \(connection.elapsed)")
    print("round trip: \(try await bob.ping(ann.peerID)[0])")

    let stream = try await bob.openStream(to: ann.peerID, protocols: ["/hello/1.0.0"])
    try await stream.write("Hello, Ann!")
    stream.finish()
    for try await words in stream { print("bob hears: \(String(buffer: words))") }

    await bob.shutdown()
    await ann.shutdown()
  }
}

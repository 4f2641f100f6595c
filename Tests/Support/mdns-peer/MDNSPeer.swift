import Glibc
import Identity
import LocalDiscovery
import NIOCore
import NIOPosix
import Runtime
import SansIO
import Wire

/// Local discovery alone, for tests in network namespaces: it announces the addresses it is told and prints
/// one JSON object a line for everything that happens.
///
///     mdns-peer [--loopback] [MULTIADDR]…
///
///     {"event": "ready", "peerId": "12D3…"}
///     {"event": "interfaces", "names": ["eth0"]}
///     {"event": "discovered", "peer": "12D3…", "addrs": ["/ip4/…"], "ms": 81}
///     {"event": "expired", "peer": "12D3…", "ms": 1000}
///     {"event": "warning", "text": "…", "detail": "…"}
///
/// `ms` is since the start. It says goodbye and ends with the end of its input.
@main
struct MDNSPeer {
  static func main() throws {
    var arguments = Array(CommandLine.arguments.dropFirst())
    var sockets = MulticastSockets.Configuration()
    if arguments.first == "--loopback" {
      arguments.removeFirst()
      sockets.interfaces = .loopback
    }
    let addresses = try arguments.map { try Multiaddr($0) }
    var entropy = SystemRandomNumberGenerator()
    let identity = try KeyPair(seed: entropy.bytes(KeyPair.seedBytes))
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let configuration = sockets
    let seed = entropy.next()
    let shell = try loop.submit {
      let shell = Shell(
        peer: identity.peerID, announcing: addresses, seed: seed, sockets: configuration, loop: loop)
      shell.start()
      return NIOLoopBound(shell, eventLoop: loop)
    }.wait()
    while readLine() != nil {}
    try loop.flatSubmit { shell.value.stop() }.wait()
  }
}

import SansIO
package import Yamux

extension Connection {
  /// Limits and deadlines of one connection, each with its reason.
  package struct Configuration: Sendable {
    /// From the first byte to an authenticated, multiplexed connection. go-libp2p accepts in 15 s; a
    /// slow-loris peer holds a handshake slot no longer than this.
    package var upgradeTimeout: Duration = .seconds(15)
    /// From a stream's opening to an agreed protocol, either direction (go-libp2p's host: 10 s).
    package var negotiationTimeout: Duration = .seconds(10)
    /// Inbound streams that have not named their protocol yet (rust-libp2p: 128).
    package var inboundNegotiationsMax = 128
    /// Plaintext bytes of one Noise frame. Smaller frames stay in cache between copy and cipher; larger ones
    /// have less overhead (18 bytes and a cipher start each).
    package var noiseFrameBytes = 32 * 1024
    package var yamux = Yamux.Configuration()

    package init() {}

    /// Asks a peer that has been silent for `interval` whether it is there, and gives the connection up when
    /// it stays silent for `timeout` more.
    package mutating func keepAlive(every interval: Duration, timeout: Duration) {
      yamux.keepAliveInterval = interval
      yamux.keepAliveTimeout = timeout
    }
  }
}

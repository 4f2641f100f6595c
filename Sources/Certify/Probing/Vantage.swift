package import NetworkModel
package import SansIO

/// Where a prober stands: sockets inside a LAN, and time. Real, or both modelled.
package protocol Vantage {
  associatedtype Failure: Error
  var now: Instant { get }
  /// A UDP socket at one of the prober's own endpoints, by which it is called from then on.
  mutating func open(_ local: Endpoint) throws(Failure)
  mutating func close(_ local: Endpoint)
  mutating func send(_ bytes: [UInt8], from local: Endpoint, to remote: Endpoint)
  /// Waits for a datagram at any socket; nil when the time has come first.
  mutating func receive(until deadline: Instant) throws(Failure) -> Arrival?
}

package struct Arrival: Hashable, Sendable {
  package let local: Endpoint
  package let remote: Endpoint
  package let bytes: [UInt8]

  package init(local: Endpoint, remote: Endpoint, bytes: [UInt8]) {
    self.local = local
    self.remote = remote
    self.bytes = bytes
  }
}

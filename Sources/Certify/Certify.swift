// Certification: whether the laboratory's NATs, modelled ones and those made of a kernel, do what they
// declare.
//
// A prober of our own (RFC 5780 in spirit) sits in a LAN behind each NAT and talks to one reflector on the
// modelled internet, which has two addresses with several ports each. From what arrives, and from whom, it
// measures one word for each ``Property``: a ``Profile``. What the NAT declares is a profile too, and every
// property in which the two differ is a ``Finding``.
//
// Some NATs are broken on purpose: built as one thing and declared as another. A certification that would
// not catch them proves nothing about the others, so they are part of every run.
//
//   Profile     Property, Profile, Profile+Declared: what is to be compared, and what a behaviour promises
//   Probing     Reflection (the wire), Reflector and UDPProber: pure, over a Vantage; they also run in
//               virtual time over `NetworkModel.Network`
//   Sockets     the same with real sockets, and TCP: processes of this program inside the hosts
//   Catalogue   which NATs there are: the nine cells, presets, variations, broken ones
//   Certification   all of them at once in one laboratory; Certificate: the outcome as text and JSON
//
// Reading order: Property, Profile+Declared, UDPProber, Kind, Certification.
package import NetworkModel

/// Where everything is in a laboratory of certification.
enum Site {
  /// The reflector's, on the internet.
  static let addresses = [Address(11, 0, 1, 1), Address(11, 0, 1, 2)]
  /// Of each address, for UDP, from ``firstPort`` on. Many, so that measurements do not meet each other at
  /// one remote endpoint.
  static let portsCount = 16
  static let firstPort: UInt16 = 3478
  /// For TCP, of each address.
  static let tcpPorts: [UInt16] = [5000, 5001]
  /// Addresses that the prober has in its LAN: to a NAT they are as many hosts.
  static let hosts = (0..<12).map { Address(192, 168, 1, UInt8(10 + $0)) }
  static let gateway = Address(192, 168, 1, 1)
  /// Discard (RFC 863): what no NAT maps.
  static let unmappedPort: UInt16 = 9
}

/// One of the reflector's UDP endpoints.
package struct Spot: Hashable, Sendable {
  package var address: Int
  package var port: Int

  package init(_ address: Int, _ port: Int) {
    self.address = address
    self.port = port
  }

  package var endpoint: Endpoint {
    Endpoint(Site.addresses[address], Site.firstPort + UInt16(port))
  }

  package static let all = Site.addresses.indices.flatMap { address in
    (0..<Site.portsCount).map { Spot(address, $0) }
  }
}

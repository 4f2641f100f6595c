import SansIO

/// The public internet: regions, and the time from one to another.
package struct Internet: Hashable, Sendable {
  package let regions: [String]
  /// One-way times from region (row) to region (column); what lies within a region is its diagonal.
  package let latency: [[Duration]]

  /// One region without any delay of its own.
  package init() {
    self.init(regions: ["everywhere"], latency: [[.zero]])
  }

  package init(regions: [String], latency: [[Duration]]) {
    precondition(
      !regions.isEmpty && latency.count == regions.count
        && latency.allSatisfy { $0.count == regions.count },
      "\(regions.count) regions need as many rows and columns of latency")
    self.regions = regions
    self.latency = latency
  }
}

/// Where something is attached.
package enum Place: Hashable, Sendable {
  /// A region by its position in ``Internet/regions``.
  case internet(region: Int = 0)
  case lan(SegmentID)

  package var segment: SegmentID {
    switch self {
    case .internet: .internet
    case .lan(let segment): segment
    }
  }

  var region: Int? {
    if case .internet(let region) = self { return region }
    return nil
  }
}

/// A host's TUN device and the access link behind it.
package struct Interface: Sendable {
  /// Several interfaces of one host share the name.
  package var host: String
  /// Within the host, as `eth0`.
  package var name: String
  package var place: Place
  package var addresses: [Address]
  /// From the host, and to it.
  package var up: Link.Conditions
  package var down: Link.Conditions
  /// A kernel that routes: it sends packets with others' sources, and is sent what is not for its addresses.
  package var forwards: Bool

  package init(
    host: String, name: String = "eth0", place: Place, addresses: [Address], up: Link.Conditions = .init(),
    down: Link.Conditions = .init(), forwards: Bool = false
  ) {
    self.host = host
    self.name = name
    self.place = place
    self.addresses = addresses
    self.up = up
    self.down = down
    self.forwards = forwards
  }
}

import NIOCore
import Wire

/// A UDP datagram's ends (RFC 768). What it carries is not read here.
struct UDPDatagram {
  static let protocolNumber: UInt8 = 17
  private static let headerBytes = 8

  let source: Endpoint
  let destination: Endpoint
  let payloadBytes: Int

  init(_ packet: IPPacket) throws(IPPacket.Failure) {
    let rest = packet.payload
    guard let sourcePort = rest.number(at: 0, as: UInt16.self),
      let destinationPort = rest.number(at: 2, as: UInt16.self),
      let length = rest.number(at: 4, as: UInt16.self)
    else { throw .cut }
    guard Int(length) >= Self.headerBytes, Int(length) <= packet.payloadBytes else { throw .malformed }
    source = Endpoint(address: packet.source, port: sourcePort)
    destination = Endpoint(address: packet.destination, port: destinationPort)
    payloadBytes = Int(length) - Self.headerBytes
  }
}

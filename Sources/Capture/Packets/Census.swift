/// What was in a capture, and what of it was not read.
package struct Census: Hashable, Sendable {
  package var packets = 0
  /// IP packets that carry no TCP: UDP, ICMP and others.
  package var otherTransports = 0
  /// Not IP, or headers that contradict themselves.
  package var malformed = 0
  package var fragments = 0
  /// Packets of which the capture kept too little to be read, or not the whole payload.
  package var cut = 0
  /// TCP segments whose checksum is wrong: spoilt on the way, and not taken by their receiver.
  package var corrupt = 0
  package var connections = 0
  /// Connections forgotten because there were too many.
  package var forgotten = 0

  package init() {}
}

/// What to tell a person whose multiaddr cannot be read.
public enum AddressText {
  /// The address, what is wrong in it, and what one looks like.
  public static func complaint(_ text: String, _ error: any Error) -> String {
    "\"\(text.prefix(200))\" is not a multiaddr: \(error); one looks like /ip4/192.0.2.1/tcp/4001/p2p/PEERID"
  }
}

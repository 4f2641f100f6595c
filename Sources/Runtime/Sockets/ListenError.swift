package import SansIO
package import Wire

/// Why a listener could not be opened.
package struct ListenError: AttributedError, CustomStringConvertible {
  package let address: Multiaddr
  package let reason: String

  package var fault: Fault { .local }
  package var description: String { "cannot listen on \(address): \(reason)" }
}

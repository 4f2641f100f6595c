// The two dialects of the protocol.

package import Wire

package enum Form: Hashable, Sendable, CaseIterable {
  /// `/perf/1.0.0`: the end of the upload is the client's half-close.
  case standard
  /// `/gopeer/bench/1`: the upload's size is declared, its end acknowledged.
  case counted

  package var protocolName: ProtocolName {
    switch self {
    case .standard: "/perf/1.0.0"
    case .counted: "/gopeer/bench/1"
    }
  }

  /// The form a protocol name stands for.
  package init?(_ name: ProtocolName) {
    guard let form = Form.allCases.first(where: { $0.protocolName == name }) else { return nil }
    self = form
  }

  /// The server's word for "I have read the whole upload" (ASCII ACK).
  static let acknowledgement: UInt8 = 0x06

  /// What a run begins with: the sizes it asks for.
  package var requestBytes: Int {
    switch self {
    case .standard: 8
    case .counted: 16
    }
  }
}

/// What a finished run measured, from where the one who measures stands.
package struct Report: Hashable, Sendable {
  package var uploadedBytes: UInt64
  package var downloadedBytes: UInt64
  /// Client: from the start until the server showed that it had read everything. Server: until the last byte.
  package var uploadElapsed: Duration
  /// From the end of the upload to the last byte received (client) or handed to the stream (server).
  package var downloadElapsed: Duration

  package init(
    uploadedBytes: UInt64, downloadedBytes: UInt64, uploadElapsed: Duration, downloadElapsed: Duration
  ) {
    self.uploadedBytes = uploadedBytes
    self.downloadedBytes = downloadedBytes
    self.uploadElapsed = uploadElapsed
    self.downloadElapsed = downloadElapsed
  }
}

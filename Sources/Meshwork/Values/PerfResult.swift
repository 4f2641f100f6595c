import Node

/// What a throughput run measured.
public struct PerfResult: Sendable, Hashable {
  /// Bytes sent to the peer.
  public let uploadedBytes: UInt64
  /// From the first byte sent until the peer had all.
  public let upload: Duration
  /// Bytes received.
  public let downloadedBytes: UInt64
  /// From the end of the upload until the last byte.
  public let download: Duration
  /// How it was measured: `/perf/1.0.0`, or `/gopeer/bench/1` with a peer that has only that.
  public let protocolName: String
}

extension PerfResult {
  init(_ summary: PerfSummary) {
    uploadedBytes = summary.uploadedBytes
    upload = summary.upload
    downloadedBytes = summary.downloadedBytes
    download = summary.download
    protocolName = summary.protocolName.rawValue
  }
}

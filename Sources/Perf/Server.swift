// The side that reads what comes and sends what was asked for.

package import NIOCore
package import SansIO

/// Serves one stream: one run in the standard form, any number of runs in the counted form.
package struct Server: Sendable {
  package enum Event: Hashable, Sendable {
    /// A run is over; the last byte of its download was handed to the stream.
    case served(Report)
  }

  /// What one run may ask for. The protocol knows no bound, and u64 max is a valid request.
  package struct Limits: Hashable, Sendable {
    package var uploadBytesMax: UInt64
    package var downloadBytesMax: UInt64
    /// How long a stream may stand still.
    package var stallTimeout: Duration

    package init(
      uploadBytesMax: UInt64 = .max, downloadBytesMax: UInt64 = .max, stallTimeout: Duration = .seconds(60)
    ) {
      self.uploadBytesMax = uploadBytesMax
      self.downloadBytesMax = downloadBytesMax
      self.stallTimeout = stallTimeout
    }
  }

  private enum Phase: Hashable, Sendable {
    case awaitingRequest
    case uploading
    case downloading
    case finished
    case failed
  }

  private let form: Form
  private let limits: Limits
  private var phase = Phase.awaitingRequest
  private var remoteHasFinished = false

  /// The part of a request that has arrived.
  private var request = ByteBuffer()
  private var acknowledgementOwed = false
  private var uploadBytes: UInt64 = 0
  /// Of the upload the counted form declared.
  private var uploadRemaining: UInt64 = 0
  private var downloadBytes: UInt64 = 0
  private var downloadRemaining: UInt64 = 0
  private var startedAt: Instant
  private var uploadEndedAt: Instant
  private var lastMoved: Instant

  // Outputs not yet pulled.
  private var report: Report?
  private var failure: PerfError?

  package init(form: Form, limits: Limits = Limits(), at now: Instant) {
    self.form = form
    self.limits = limits
    startedAt = now
    uploadEndedAt = now
    lastMoved = now
  }

  /// Takes all of `bytes`.
  package mutating func receive(_ bytes: inout ByteBuffer, at now: Instant) {
    while bytes.readableBytes > 0 {
      switch phase {
      case .awaitingRequest: receiveRequest(&bytes, at: now)
      case .uploading: receiveUpload(&bytes, at: now)
      case .downloading: fail(.unexpectedBytes)
      case .finished, .failed: bytes.moveReaderIndex(to: bytes.writerIndex)
      }
    }
  }

  package mutating func remoteFinished(at now: Instant) {
    remoteHasFinished = true
    switch (phase, form) {
    case (.awaitingRequest, .counted) where request.readableBytes == 0: phase = .finished
    case (.uploading, .standard): uploadEnded(at: now)
    case (.awaitingRequest, _), (.uploading, .counted): fail(.endedEarly)
    case (.downloading, _), (.finished, _), (.failed, _): break
    }
  }

  package mutating func advance(to now: Instant) {
    if let deadline, now >= deadline { fail(.stalled) }
  }

  package var deadline: Instant? {
    phase == .finished || phase == .failed ? nil : lastMoved + limits.stallTimeout
  }

  package mutating func nextEvent() throws(PerfError) -> Event? {
    if let result = report {
      report = nil
      return .served(result)
    }
    if let error = failure {
      failure = nil
      throw error
    }
    return nil
  }

  /// The next piece to send, at most `maxBytes`: an acknowledgement, or zeros that share one storage.
  /// - Returns: nil when there is nothing to send now.
  package mutating func nextChunk(maxBytes: Int, at now: Instant) -> ByteBuffer? {
    guard phase == .downloading, maxBytes > 0 else { return nil }
    lastMoved = now
    var chunk: ByteBuffer?
    if acknowledgementOwed {
      acknowledgementOwed = false
      chunk = ByteBuffer(integer: Form.acknowledgement)
    } else {
      chunk = Zeros.next(of: &downloadRemaining, maxBytes: maxBytes)
    }
    if downloadRemaining == 0 { downloadEnded(at: now) }
    return chunk
  }

  /// Nothing more will be sent: finish our half of the stream.
  package var outboundFinished: Bool { phase == .finished }

  private mutating func receiveRequest(_ bytes: inout ByteBuffer, at now: Instant) {
    if request.readableBytes == 0 { startedAt = now }
    let missing = form.requestBytes - request.readableBytes
    guard var part = bytes.readSlice(length: min(missing, bytes.readableBytes)) else { return }
    request.writeBuffer(&part)
    guard request.readableBytes == form.requestBytes else { return }

    // The deadline moves here and not with every byte, or a trickle would hold the stream for ever.
    lastMoved = now
    uploadRemaining = form == .counted ? request.readInteger() ?? 0 : 0
    downloadBytes = request.readInteger() ?? 0
    request = ByteBuffer()
    guard uploadRemaining <= limits.uploadBytesMax, downloadBytes <= limits.downloadBytesMax else {
      fail(.requestTooLarge)
      return
    }
    uploadBytes = 0
    downloadRemaining = downloadBytes
    phase = .uploading
    if form == .counted, uploadRemaining == 0 { uploadEnded(at: now) }
  }

  private mutating func receiveUpload(_ bytes: inout ByteBuffer, at now: Instant) {
    lastMoved = now
    var count = bytes.readableBytes
    if form == .counted {
      count = Int(min(UInt64(count), uploadRemaining))
      uploadRemaining -= UInt64(count)
    }
    bytes.moveReaderIndex(forwardBy: count)
    let (sum, overflow) = uploadBytes.addingReportingOverflow(UInt64(count))
    guard !overflow, sum <= limits.uploadBytesMax else {
      fail(.requestTooLarge)
      return
    }
    uploadBytes = sum
    if form == .counted, uploadRemaining == 0 { uploadEnded(at: now) }
  }

  private mutating func uploadEnded(at now: Instant) {
    phase = .downloading
    uploadEndedAt = now
    lastMoved = now
    acknowledgementOwed = form == .counted
    // An empty download is over at once, unless an acknowledgement has to leave first.
    if downloadRemaining == 0, !acknowledgementOwed { downloadEnded(at: now) }
  }

  private mutating func downloadEnded(at now: Instant) {
    report = Report(
      uploadedBytes: uploadBytes, downloadedBytes: downloadBytes,
      uploadElapsed: uploadEndedAt - startedAt, downloadElapsed: now - uploadEndedAt)
    phase = form == .standard || remoteHasFinished ? .finished : .awaitingRequest
  }

  private mutating func fail(_ error: PerfError) {
    phase = .failed
    request = ByteBuffer()
    failure = error
  }
}

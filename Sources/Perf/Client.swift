// The side that asks, uploads, downloads and measures.

package import NIOCore
package import SansIO

/// One run on one stream.
package struct Client: Sendable {
  package enum Event: Hashable, Sendable {
    /// At most once per `progressInterval`: bytes handed to the stream, bytes received, time since the start.
    case progress(uploadedBytes: UInt64, downloadedBytes: UInt64, elapsed: Duration)
    case finished(Report)
  }

  private enum Phase: Hashable, Sendable {
    case uploading
    /// Everything is handed out; the server has yet to show that it has read it.
    case awaitingAnswer
    case downloading
    case finished
    case failed
  }

  package let form: Form
  private let uploadBytes: UInt64
  private let downloadBytes: UInt64
  private let startedAt: Instant
  private let progressInterval: Duration
  private let stallTimeout: Duration

  private var phase = Phase.uploading
  /// What is left of the request, which goes before the upload.
  private var request: ByteBuffer
  private var uploadRemaining: UInt64
  private var downloadRemaining: UInt64
  private var uploadEndedAt: Instant
  private var lastMoved: Instant
  private var nextProgress: Instant

  // Outputs not yet pulled.
  private var progressAt: Instant?
  private var report: Report?
  private var failure: PerfError?

  /// - Parameters:
  ///   - upload: bytes to send, any number.
  ///   - download: bytes to ask for, any number.
  ///   - stallTimeout: how long nothing may move in either direction.
  package init(
    form: Form, upload: UInt64, download: UInt64, at now: Instant,
    progressInterval: Duration = .seconds(1), stallTimeout: Duration = .seconds(60)
  ) {
    self.form = form
    uploadBytes = upload
    downloadBytes = download
    uploadRemaining = upload
    downloadRemaining = download
    startedAt = now
    uploadEndedAt = now
    lastMoved = now
    nextProgress = now + progressInterval
    self.progressInterval = progressInterval
    self.stallTimeout = stallTimeout
    request = ByteBuffer()
    if form == .counted { request.writeInteger(upload) }
    request.writeInteger(download)
  }

  /// Takes all of `bytes`.
  package mutating func receive(_ bytes: inout ByteBuffer, at now: Instant) {
    defer { bytes.moveReaderIndex(to: bytes.writerIndex) }
    if bytes.readableBytes == 0 { return }
    switch phase {
    case .uploading:
      fail(.unexpectedBytes)
    case .awaitingAnswer:
      if form == .counted, bytes.readInteger(as: UInt8.self) != Form.acknowledgement {
        fail(.wrongAcknowledgement)
        return
      }
      uploadEnded(at: now)
      download(bytes.readableBytes, at: now)
    case .downloading:
      download(bytes.readableBytes, at: now)
    case .finished:
      fail(.surplusBytes)
    case .failed:
      break
    }
  }

  package mutating func remoteFinished(at now: Instant) {
    switch phase {
    case .awaitingAnswer where form == .standard && downloadBytes == 0:
      uploadEnded(at: now)
      finish(at: now)
    case .uploading, .awaitingAnswer, .downloading:
      fail(.endedEarly)
    case .finished, .failed:
      break
    }
  }

  package mutating func advance(to now: Instant) {
    guard phase != .finished, phase != .failed else { return }
    if now >= lastMoved + stallTimeout {
      fail(.stalled)
    } else if now >= nextProgress {
      progressAt = now
      nextProgress = now + progressInterval
    }
  }

  package var deadline: Instant? {
    phase == .finished || phase == .failed ? nil : min(lastMoved + stallTimeout, nextProgress)
  }

  package mutating func nextEvent() throws(PerfError) -> Event? {
    if let error = failure {
      failure = nil
      throw error
    }
    if let now = progressAt {
      progressAt = nil
      return .progress(
        uploadedBytes: uploadBytes - uploadRemaining, downloadedBytes: downloadBytes - downloadRemaining,
        elapsed: now - startedAt)
    }
    if let result = report {
      report = nil
      return .finished(result)
    }
    return nil
  }

  /// The next piece to send, at most `maxBytes`: the request, then zeros that share one storage.
  /// - Returns: nil when there is nothing to send now.
  package mutating func nextChunk(maxBytes: Int, at now: Instant) -> ByteBuffer? {
    guard phase == .uploading, maxBytes > 0 else { return nil }
    let chunk =
      request.readableBytes > 0
      ? request.readSlice(length: min(maxBytes, request.readableBytes))
      : Zeros.next(of: &uploadRemaining, maxBytes: maxBytes)
    lastMoved = now
    if request.readableBytes == 0, uploadRemaining == 0 { phase = .awaitingAnswer }
    return chunk
  }

  /// Nothing more will be sent: finish our half of the stream. In the counted form only when the run is over.
  package var outboundFinished: Bool {
    switch phase {
    case .uploading, .failed: false
    case .awaitingAnswer, .downloading: form == .standard
    case .finished: true
    }
  }

  private mutating func uploadEnded(at now: Instant) {
    phase = .downloading
    uploadEndedAt = now
    lastMoved = now
  }

  private mutating func download(_ count: Int, at now: Instant) {
    guard UInt64(count) <= downloadRemaining else {
      fail(.surplusBytes)
      return
    }
    lastMoved = now
    downloadRemaining -= UInt64(count)
    if downloadRemaining == 0 { finish(at: now) }
  }

  private mutating func finish(at now: Instant) {
    phase = .finished
    progressAt = nil
    report = Report(
      uploadedBytes: uploadBytes, downloadedBytes: downloadBytes,
      uploadElapsed: uploadEndedAt - startedAt, downloadElapsed: now - uploadEndedAt)
  }

  private mutating func fail(_ error: PerfError) {
    phase = .failed
    report = nil
    progressAt = nil
    failure = error
  }
}

/// Where everything that may ask the process to end meets the one place that ends it.
public struct ShutdownRequests: Sendable {
  private let stream: AsyncStream<String>
  private let continuation: AsyncStream<String>.Continuation

  /// No request yet.
  public init() {
    // One is enough; whoever asks second asks for nothing new.
    (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
  }

  /// Asks for a clean leave; the reason is for the log.
  public func request(_ reason: String) { continuation.yield(reason) }

  /// Waits for the first request. To be called once.
  public func first() async -> String {
    for await reason in stream { return reason }
    return "the task was cancelled"
  }
}

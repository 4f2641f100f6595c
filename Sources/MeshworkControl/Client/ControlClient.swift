import NIOCore
import NIOPosix

/// Why a running node could not be asked.
public enum ControlClientError: Error, Equatable, CustomStringConvertible {
  case noNode(path: String, reason: String)
  case closed
  case notAnAnswer(String)

  /// What is wrong and what to do, in one line.
  public var description: String {
    switch self {
    case .noNode(let path, let reason):
      "no node answers on \(path) (\(reason)); start one with: meshnode run"
    case .closed: "the node closed the connection before it answered"
    case .notAnAnswer(let reason): "what answers is not a node: \(reason)"
    }
  }
}

/// Talks to a running node over its UNIX socket, one call at a time.
public struct ControlClient {
  private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private var lines = LineSplitter(bytesMax: 16 << 20)
  private var callsMade: Int64 = 0

  /// Connects, runs the body, closes.
  public static func withConnection<Result: Sendable>(
    to path: String, _ body: (inout ControlClient) async throws -> Result
  ) async throws -> Result {
    let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
    do {
      channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .connect(unixDomainSocketPath: path) { channel in
          channel.eventLoop.makeCompletedFuture {
            try NIOAsyncChannel(
              wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
          }
        }
    } catch {
      let reason = (error as? IOError).map { "\(SystemError($0.errnoCode))" } ?? "\(error)"
      throw ControlClientError.noNode(path: path, reason: reason)
    }
    return try await channel.executeThenClose { inbound, outbound in
      var client = ControlClient(outbound: outbound, inbound: inbound.makeAsyncIterator())
      return try await body(&client)
    }
  }

  /// Asks and waits for the answer; events that come meanwhile are dropped. Throws the node's `RPCError`.
  public mutating func call(_ method: String, _ params: JSONValue? = nil) async throws -> JSONValue {
    callsMade += 1
    let id = JSONValue.integer(callsMade)
    var request: [JSONValue.Member] = [
      .init("jsonrpc", "2.0"), .init("id", id), .init("method", .string(method)),
    ]
    if let params { request.append(.init("params", params)) }
    try await send(ByteBuffer(line: .object(request)))
    while let line = try await nextLine() {
      guard line["id"] == id else { continue }
      if let error = line["error"] {
        throw RPCError(code: error["code"]?.whole ?? 0, message: error["message"]?.text ?? "\(error)")
      }
      guard let result = line["result"] else { throw ControlClientError.notAnAnswer("\(line)") }
      return result
    }
    throw ControlClientError.closed
  }

  /// Sends bytes as they are.
  func send(_ bytes: ByteBuffer) async throws { try await outbound.write(bytes) }

  /// Nothing more will be sent.
  func finish() { outbound.finish() }

  /// The next line, or `nil` when the node has closed.
  mutating func nextLine() async throws -> JSONValue? {
    while true {
      switch lines.nextLine() {
      case .text(let line):
        do throws(JSONSyntaxError) {
          return try JSONReader.read(Array(line.readableBytesView))
        } catch {
          throw ControlClientError.notAnAnswer("\(error)")
        }
      case .tooLong: throw ControlClientError.notAnAnswer("a line of more than 16 MiB")
      case nil:
        guard let bytes = try await inbound.next() else { return nil }
        lines.receive(bytes)
      }
    }
  }
}

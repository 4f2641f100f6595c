import Glibc
import Logging
import Meshwork
import NIOCore
import NIOPosix
import Testing

@testable import MeshworkControl

// MARK: - A node without a network

/// Does as it is told and remembers what it was asked.
actor FakeNode: ControlledNode {
  static let id = "12D3KooWGRUVh7rNNqRHGV7ZPNMkYmzkpq2pH2zvXzWTPzjJ8xYF"
  static let friend = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"

  struct Refusal: Error, CustomStringConvertible { let description: String }

  private(set) var asked: [String] = []
  private var sequence: UInt64 = 0
  nonisolated let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.executor.asUnownedSerialExecutor() }
  private var events: [NumberedEvent] = []
  private var hasEnded = false
  private var observers: [@Sendable (NumberedEvent?) -> Void] = []
  private var gate: CheckedContinuation<Void, Never>?

  private let report: NodeReport
  private let friendReport: PeerReport

  init() throws {
    report = NodeReport(
      peerID: try PeerID(Self.id), agent: "test/1", name: nil,
      listenAddresses: [try Multiaddr("/ip4/127.0.0.1/tcp/4001")], protocols: ["/ipfs/ping/1.0.0"],
      uptimeMs: 42)
    friendReport = PeerReport(
      peerID: try PeerID(Self.friend), presence: "online", lastSeenMs: 7, path: "direct",
      roundTrip: .microseconds(1500), agent: "friend/1")
  }

  func nodeReport() -> NodeReport { report }

  func peerReports() -> [PeerReport] { [friendReport] }

  func connectReport(to address: Multiaddr) async throws -> ConnectReport {
    asked.append("connect \(address)")
    if "\(address)".hasPrefix("/ip4/192.0.2.99") { await withCheckedContinuation { gate = $0 } }
    guard "\(address)".contains("/p2p/") else { throw Refusal(description: "nobody answers at \(address)") }
    return ConnectReport(peerID: friendReport.peerID, elapsed: .microseconds(12_345), path: "direct")
  }

  func send(_ text: String, to conversation: Conversation) -> ChatMessage {
    asked.append("send \(text) to \(conversation)")
    return message(text, in: conversation, .queued)
  }

  func history(of conversation: Conversation, limit: Int, beforeID: String?) throws -> [ChatMessage] {
    asked.append("history of \(conversation), \(limit) before \(beforeID ?? "now")")
    guard beforeID != "gone" else { throw Refusal(description: "there is no message gone") }
    return [message("old", in: conversation, .failed(reason: "nobody was there"))]
  }

  func search(_ text: String, in conversation: Conversation?, limit: Int) -> [ChatMessage] {
    asked.append("search \(text), \(limit)")
    return [message(text, in: conversation ?? .global, .received)]
  }

  func conversations() -> [ConversationInfo] {
    [ConversationInfo(conversation: .global, unread: 2, lastMessage: nil)]
  }

  func join(room: String) -> String {
    asked.append("join \(room)")
    return room.lowercased()
  }

  func leave(room: String) { asked.append("leave \(room)") }

  private func message(
    _ text: String, in conversation: Conversation, _ state: ChatMessage.State
  ) -> ChatMessage {
    ChatMessage(
      id: "00ff", conversation: conversation, from: friendReport.peerID, text: text, sentMs: nil,
      receivedMs: 1000, state: state)
  }

  func refresh() { asked.append("refresh") }

  func disconnect(_ peer: PeerID) { asked.append("disconnect \(peer)") }

  func ping(_ peer: PeerID, count: Int) -> [Duration] {
    asked.append("ping \(peer) \(count)")
    return Array(repeating: .microseconds(250), count: count)
  }

  func observeReports(_ observer: @escaping @Sendable (NumberedEvent?) -> Void) {
    for event in events { observer(event) }
    if hasEnded { observer(nil) }
    observers.append(observer)
  }

  func emit(_ type: String, count: Int = 1, padding: Int = 0) {
    for _ in 0..<count {
      sequence += 1
      let text = JSONValue.string(String(repeating: "x", count: padding))
      let event = NumberedEvent(sequence: sequence, timeMs: 1000, type: type, fields: [.init("text", text)])
      events.append(event)
      for observer in observers { observer(event) }
    }
  }

  func end() {
    hasEnded = true
    for observer in observers { observer(nil) }
  }

  func openGate() -> Bool {
    defer { gate = nil }
    gate?.resume()
    return gate != nil
  }
}

// MARK: - A served node

struct Served {
  let node: FakeNode
  let server: ControlServer
  let shutdowns: ShutdownRequests
  let socket: String

  func conversation(_ body: (inout ControlClient) async throws -> Void) async throws {
    try await ControlClient.withConnection(to: socket) { client in try await body(&client) }
  }
}

let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

func withServer(
  limits: ControlServer.Limits = .init(), _ body: (Served) async throws -> Void
) async throws {
  let directory = try TemporaryDirectory()
  let node = try FakeNode()
  let shutdowns = ShutdownRequests()
  let server = ControlServer(node, shutdowns: shutdowns, logger: quiet, limits: limits)
  let socket = directory.path("node.sock")
  try await server.serve(socket: socket)
  let served = Served(node: node, server: server, shutdowns: shutdowns, socket: socket)
  let outcome: Result<Void, any Error>
  do {
    outcome = .success(try await body(served))
  } catch {
    outcome = .failure(error)
  }
  await node.end()
  await server.stop()
  try outcome.get()
}

extension ControlClient {
  func say(_ text: String) async throws { try await send(ByteBuffer(string: text + "\n")) }

  /// Sends a line and returns the next one that comes back.
  mutating func ask(_ text: String) async throws -> JSONValue? {
    try await say(text)
    return try await nextLine()
  }

  mutating func lines(_ count: Int) async throws -> [JSONValue] {
    var lines: [JSONValue] = []
    while lines.count < count, let line = try await nextLine() { lines.append(line) }
    return lines
  }
}

extension JSONValue {
  var errorCode: Int64? { self["error"]?["code"]?.whole }
  var errorMessage: String { self["error"]?["message"]?.text ?? "" }
  var eventNumber: Int64? { self["params"]?["seq"]?.whole }
}

func json(_ text: String) throws -> JSONValue { try JSONReader.read(Array(text.utf8)) }

// MARK: - Files

/// Removed with all that is in it when it is let go.
final class TemporaryDirectory {
  let root: String

  init() throws {
    var template = Array("/tmp/meshwork-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError() }
    root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Self.remove(root) }

  func path(_ name: String) -> String { "\(root)/\(name)" }

  func write(_ bytes: [UInt8], to name: String) throws -> String {
    let descriptor = open(path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw SystemError() }
    defer { close(descriptor) }
    let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    guard written == bytes.count else { throw SystemError() }
    return path(name)
  }

  func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

  private static func remove(_ path: String) {
    if let directory = opendir(path) {
      while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { remove("\(path)/\(name)") }
      }
      closedir(directory)
      rmdir(path)
    } else {
      unlink(path)
    }
  }
}

func mode(of path: String) throws -> UInt32 {
  var info = stat()
  guard stat(path, &info) == 0 else { throw SystemError() }
  return UInt32(info.st_mode & 0o777)
}

import Glibc
import Logging
import Testing

@testable import Meshwork

/// Fails instead of hanging.
func within<Value: Sendable>(
  _ limit: Duration = .seconds(30), _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await withThrowingTaskGroup(of: Value.self) { group in
    group.addTask(operation: operation)
    group.addTask {
      try await Task.sleep(for: limit)
      throw TimedOut(limit: limit)
    }
    defer { group.cancelAll() }
    guard let first = try await group.next() else { throw TimedOut(limit: limit) }
    return first
  }
}

/// Waits until something is so.
func eventually(
  _ limit: Duration = .seconds(20), _ condition: @escaping @Sendable () async throws -> Bool
) async throws {
  try await within(limit) {
    while try await !condition() { await Task.yield() }
  }
}

struct TimedOut: Error {
  let limit: Duration
}

let quiet: Logger = {
  var logger = Logger(label: "test")
  logger.logLevel = .critical
  return logger
}()

/// A node on the loopback interface.
func makeNode(
  _ identity: Identity = .ephemeral(), listen: [String] = ["/ip4/127.0.0.1/tcp/0"],
  _ configure: (inout Configuration) -> Void = { _ in }
) async throws -> MeshNode {
  var configuration = Configuration(identity: identity)
  configuration.listen = try listen.map { try Multiaddr($0) }
  configure(&configuration)
  let node = MeshNode(configuration, logger: quiet)
  try await node.start()
  return node
}

extension MeshNode {
  /// A listening address and who is there.
  var address: Multiaddr {
    get throws {
      let listening = try #require(info().listenAddresses.first)
      return try Multiaddr("\(listening)/p2p/\(peerID)")
    }
  }
}

/// Two nodes, the first of which has dialled the second.
struct Pair {
  let ann: MeshNode
  let bob: MeshNode

  static func connected(
    listen: [String] = ["/ip4/127.0.0.1/tcp/0"], _ configure: (inout Configuration) -> Void = { _ in }
  ) async throws -> Pair {
    let pair = Pair(
      ann: try await makeNode(listen: listen, configure), bob: try await makeNode(listen: listen, configure))
    let address = try await pair.bob.address
    _ = try await within { try await pair.ann.connect(to: address) }
    return pair
  }

  func shutdown() async {
    await ann.shutdown()
    await bob.shutdown()
  }
}

/// A directory of a test's own, gone with it.
final class TemporaryDirectory: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/meshwork-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { preconditionFailure("no directory under /tmp: errno \(errno)") }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  /// What is in it, in order.
  var names: [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ bytes: [UInt8], to name: String, mode: mode_t = 0o600) {
    let descriptor = open(file(name), O_WRONLY | O_CREAT | O_TRUNC, mode)
    fchmod(descriptor, mode)
    _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
  }

  func read(_ name: String) -> [UInt8] {
    let descriptor = open(file(name), O_RDONLY)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 18)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    return Array(bytes.prefix(max(count, 0)))
  }

  func mode(of name: String) -> mode_t {
    var status = stat()
    return stat(file(name), &status) == 0 ? status.st_mode & 0o777 : 0
  }
}

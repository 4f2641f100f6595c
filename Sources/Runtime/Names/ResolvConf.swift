import Glibc
import NIOCore

/// The name servers this machine uses (`man 5 resolv.conf`).
enum ResolvConf {
  /// As many as the C library uses.
  private static let serversMax = 3
  private static let bytesMax = 64 * 1024

  /// The listed servers; the local one when none is listed or the file cannot be read, as the C library has
  /// it.
  static func servers(in path: String, port: Int) -> [SocketAddress] {
    let listed = parse(read(path) ?? "", port: port)
    if !listed.isEmpty { return listed }
    return [try? SocketAddress(ipAddress: "127.0.0.1", port: port)].compactMap { $0 }
  }

  static func parse(_ text: String, port: Int) -> [SocketAddress] {
    var servers: [SocketAddress] = []
    for line in text.split(whereSeparator: \.isNewline) where servers.count < serversMax {
      let words = line.split(whereSeparator: \.isWhitespace)
      guard words.count >= 2, words[0] == "nameserver" else { continue }
      if let server = try? SocketAddress(ipAddress: String(words[1]), port: port) { servers.append(server) }
    }
    return servers
  }

  private static func read(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: bytesMax)
    var count = 0
    while count < bytes.count {
      let read = bytes.withUnsafeMutableBytes {
        Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count)
      }
      if read <= 0 { break }
      count += read
    }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}

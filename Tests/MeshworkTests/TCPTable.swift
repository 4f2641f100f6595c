import Glibc

/// What the kernel knows of this machine's TCP sockets.
enum TCPTable {
  private static let timeWait = "06"
  private static let listening = "0A"

  /// Sockets that are neither listening nor only remembered, with one of these ports at either end.
  static func connected(_ ports: [Int]) -> Int {
    let wanted = Set(ports)
    return lines().count { line in
      let words = line.split(separator: " ")
      guard words.count > 3, words[3] != timeWait, words[3] != listening else { return false }
      return words[1...2].contains { end in
        end.split(separator: ":").last.flatMap { Int($0, radix: 16) }.map(wanted.contains) ?? false
      }
    }
  }

  private static func lines() -> [Substring] {
    guard let file = fopen("/proc/self/net/tcp", "r") else { return [] }
    defer { fclose(file) }
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&piece, 1, piece.count, file)
      if count == 0 { break }
      text += piece[..<count]
    }
    return String(decoding: text, as: UTF8.self).split(separator: "\n").dropFirst().map { $0 }
  }
}

// The files that are held to the rules.

import Foundation

struct SourceFile {
  /// Relative to the repository.
  let path: String
  let text: SwiftText

  init(path: String, _ content: String) {
    self.path = path
    text = SwiftText(content)
  }

  /// The target the file belongs to: the folder below Sources, Tests or Tests/Support.
  var target: String {
    let folders = path.split(separator: "/").dropFirst()
    return (folders.first == "Support" ? folders.dropFirst() : folders).first.map { String($0) } ?? ""
  }

  var isGenerated: Bool { path.hasSuffix(".pb.swift") }
  var isShipped: Bool { path.hasPrefix("Sources/") }
  var isCore: Bool { isShipped && rooms[target]?.kind == .core }
}

struct Violation: CustomStringConvertible {
  enum Rule: String {
    case unknownTarget, forbiddenImport, forbiddenWord, unseededRandom, forcedTry, forcedCast, unfinishedCode
    case emptyPrecondition, unexplainedUnsafety, longFile, longLine, machinePath, missingOpening
  }

  let rule: Rule
  let path: String
  let line: Int
  let detail: String

  var description: String { "\(path):\(line): \(rule.rawValue): \(detail)" }
}

/// The working tree this test was compiled from.
enum Repository {
  static let root: String = {
    var url = URL(filePath: #filePath)
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url.path(percentEncoded: false)
  }()

  static func read(_ path: String) throws -> String {
    try String(contentsOfFile: root + "/" + path, encoding: .utf8)
  }

  static func folders(in path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root + "/" + path).sorted().filter { name in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: root + "/\(path)/\(name)", isDirectory: &isFolder)
        && isFolder.boolValue
    }
  }

  /// Every Swift file below Sources and Tests.
  static func swiftFiles() throws -> [SourceFile] {
    try ["Sources", "Tests"].flatMap { folder in
      try paths(below: folder).filter { $0.hasSuffix(".swift") }.map { SourceFile(path: $0, try read($0)) }
    }
  }

  static func paths(below folder: String) throws -> [String] {
    let names =
      FileManager.default.enumerator(atPath: root + "/" + folder)?.compactMap { $0 as? String } ?? []
    return names.map { folder + "/" + $0 }.sorted()
  }
}

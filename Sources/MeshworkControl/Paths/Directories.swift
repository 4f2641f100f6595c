import Glibc

/// Why there is no place for the node's files.
public enum DirectoryError: Error, Equatable, CustomStringConvertible {
  case noHome
  case failed(path: String, reason: String)

  /// What is wrong and what to do, in one line.
  public var description: String {
    switch self {
    case .noHome: "neither XDG_DATA_HOME nor HOME is an absolute path; say where to keep data: --data DIR"
    case .failed(let path, let reason):
      "cannot use the directory \(path): \(reason); choose one with --data DIR"
    }
  }
}

/// Where a node keeps its files (XDG Base Directory Specification 0.8).
public struct Directories: Equatable, Sendable {
  /// Identity, history and all that must last.
  public let data: String
  /// The database of messages.
  public var history: String { "\(data)/history.sqlite" }
  /// Where the UNIX socket of the interface is, unless told otherwise.
  public let socket: String
  /// The directory of the socket.
  private let socketDirectory: String

  /// The program whose files they are.
  public enum Program: String, Sendable {
    case meshnode, meshrelay

    /// Below the usual places for a user's data and sockets.
    var folder: String {
      switch self {
      case .meshnode: "meshwork"
      case .meshrelay: "meshrelay"
      }
    }
  }

  /// - Parameter chosen: the data directory somebody asked for. Its socket is in it, so that several nodes
  ///   of one user, each with its own directory, do not meet.
  public init(
    data chosen: String?, environment: [String: String], of program: Program = .meshnode
  ) throws(DirectoryError) {
    if let chosen {
      data = chosen
      socketDirectory = chosen
    } else {
      // The specification: a path that is not absolute is to be ignored.
      let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? "\($0)/.local/share" : nil }
      guard let base = Self.absolute(environment["XDG_DATA_HOME"]) ?? home else { throw .noHome }
      data = "\(base)/\(program.folder)"
      socketDirectory =
        Self.absolute(environment["XDG_RUNTIME_DIR"]).map { "\($0)/\(program.folder)" } ?? data
    }
    socket = "\(socketDirectory)/\(program.rawValue).sock"
  }

  /// Creates the directory of the socket, for this user alone.
  public func createForSocket() throws(DirectoryError) { try Self.create(socketDirectory) }

  /// Creates the data directory, for this user alone.
  public func createForData() throws(DirectoryError) { try Self.create(data) }

  private static func absolute(_ path: String?) -> String? {
    guard let path, path.hasPrefix("/") else { return nil }
    return path
  }

  /// Creates what is missing of the path with mode 0700; what is there is left as it is.
  private static func create(_ path: String) throws(DirectoryError) {
    var prefix = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      prefix += "/\(part)"
      guard mkdir(prefix, 0o700) != 0, errno != EEXIST else { continue }
      // An ancestor may be unwritable or read-only and there all the same.
      var info = stat()
      let error = SystemError()
      guard stat(prefix, &info) == 0 else { throw .failed(path: path, reason: error.description) }
    }
    var info = stat()
    guard stat(path, &info) == 0 else { throw .failed(path: path, reason: SystemError().description) }
    guard info.st_mode & S_IFMT == S_IFDIR else { throw .failed(path: path, reason: "it is not a directory") }
  }
}

import FoundationEssentials
import Glibc

/// Where scenarios are: what a person writes after `meshsim run`, and what `meshsim list` shows.
struct ScenarioCatalog {
  /// Searched for names, in this order.
  let folders: [String]

  init(folders: [String]) {
    self.folders = folders
  }

  /// `Scenarios` here, of the checkout the executable was built in, and of the installation.
  init(executable: String = ScenarioCatalog.ownExecutable) {
    var folders = ["Scenarios"]
    var folder = Substring(executable)
    while let slash = folder.lastIndex(of: "/") {
      folder = folder[..<slash]
      folders.append("\(folder)/Scenarios")
      folders.append("\(folder)/share/meshwork/scenarios")
    }
    self.init(folders: folders)
  }

  static var ownExecutable: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
  }

  /// A file, a scenario by its name, or those of a folder: the long ones only if they are asked for.
  func files(named argument: String, withLong: Bool = true) throws(ScenarioFailure) -> [ScenarioFile] {
    if FileStamp.isFolder(argument) {
      let files = Self.files(in: argument)
      if files.isEmpty { throw ScenarioFailure(.usage, "\(argument): no .swift file in this folder") }
      var wanted: [ScenarioFile] = []
      for file in files {
        let isLong = try file.isLong()
        if withLong || !isLong { wanted.append(file) }
      }
      return wanted
    }
    if FileStamp(of: argument) != nil { return [ScenarioFile(path: argument)] }
    if !argument.contains("/") {
      let name = argument.hasSuffix(".swift") ? argument : argument + ".swift"
      for folder in folders where FileStamp(of: "\(folder)/\(name)") != nil {
        return [ScenarioFile(path: "\(folder)/\(name)")]
      }
    }
    throw ScenarioFailure(.usage, "\(argument): no such file, folder or scenario; meshsim list shows them")
  }

  /// What `meshsim list` shows: of the given folder, or of the first of ours that exists.
  func all(in folder: String?) throws(ScenarioFailure) -> [ScenarioFile] {
    if let folder {
      guard FileStamp.isFolder(folder) else { throw ScenarioFailure(.usage, "\(folder): no such folder") }
      return Self.files(in: folder)
    }
    return folders.first(where: FileStamp.isFolder).map(Self.files(in:)) ?? []
  }

  /// One line for each scenario: its name, its purpose, and whether a folder is run without it.
  static func list(_ files: [ScenarioFile]) throws(ScenarioFailure) -> [String] {
    let width = files.map(\.name.count).max() ?? 0
    var lines: [String] = []
    for file in files {
      let padding = String(repeating: " ", count: width - file.name.count)
      let mark = try file.isLong() ? " (long: by name, or with --all)" : ""
      lines.append("\(file.name)\(padding)  \(try file.purpose())\(mark)")
    }
    return lines
  }

  private static func files(in folder: String) -> [ScenarioFile] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let trimmed = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    return names.filter { $0.hasSuffix(".swift") && !$0.hasPrefix(".") }.sorted()
      .map { ScenarioFile(path: "\(trimmed)/\($0)") }
  }
}

/// What tells one version of a file from another.
struct FileStamp: Hashable {
  let bytes: Int64
  let modifiedNanoseconds: Int64

  /// Nil if there is no such regular file.
  init?(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    bytes = Int64(status.st_size)
    let time = status.st_mtim
    modifiedNanoseconds = Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}

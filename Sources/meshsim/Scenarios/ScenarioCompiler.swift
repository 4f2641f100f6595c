import FoundationEssentials
import Glibc
import Scenario

/// Turns scenario files into programs, by the Swift compiler and the `Scenario` module that came with this
/// executable. Programs are kept by what they were made of: the file's path and text, the module, the
/// compiler.
struct ScenarioCompiler {
  /// Where the module is: beside the executable in a build, in `lib/meshwork` of an installation.
  struct Module: Hashable {
    /// Has `Scenario.swiftmodule`.
    let interface: String
    /// `libScenario.a`.
    let library: String
  }

  let module: Module
  let swiftc: String
  let cache: String

  /// Finds the module and the compiler, or says which is missing.
  init(
    executable: String = ScenarioCatalog.ownExecutable,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(ScenarioFailure) {
    let folder = Self.parent(of: executable)
    let candidates = [
      Module(interface: "\(folder)/Modules", library: "\(folder)/libScenario.a"),
      Module(
        interface: "\(Self.parent(of: folder))/lib/meshwork",
        library: "\(Self.parent(of: folder))/lib/meshwork/libScenario.a"),
    ]
    guard
      let module = candidates.first(where: {
        FileStamp(of: $0.library) != nil && FileStamp(of: "\($0.interface)/Scenario.swiftmodule") != nil
      })
    else {
      throw ScenarioFailure(
        .machine, "the Scenario module is missing: it should be in \(candidates.map(\.interface).inWords)")
    }
    self.module = module
    swiftc = try Self.findCompiler(environment)
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    let caches = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "\(home)/.cache"
    cache = "\(caches)/meshwork/scenarios"
  }

  /// The path of the program for that source, compiled now if it is new.
  func program(for path: String, source: String) throws(ScenarioFailure) -> String {
    let program = "\(cache)/\(key(for: path, source: source))"
    if FileStamp(of: program) != nil {
      utimes(program, nil)  // used now, so it is not the next to go
      return program
    }
    let workshop = "\(cache)/\(getpid())-\(Ordinal.next()).partial"
    do {
      try FileManager.default.createDirectory(atPath: workshop, withIntermediateDirectories: true)
    } catch {
      throw ScenarioFailure(.machine, "\(workshop): cannot be made: \(error)")
    }
    defer { try? FileManager.default.removeItem(atPath: workshop) }
    try compile(path, to: "\(workshop)/program", in: workshop)
    guard rename("\(workshop)/program", program) == 0 else {
      throw ScenarioFailure(.machine, "\(program): cannot be written")
    }
    sweep()
    return program
  }

  private func compile(_ path: String, to program: String, in workshop: String) throws(ScenarioFailure) {
    let arguments = [
      swiftc, "-swift-version", "6", "-Onone", "-module-name", "main", "-I", module.interface,
      "-module-cache-path", "\(workshop)/modules", path, module.library, "-lm", "-o", program,
    ]
    let result = try Child.run(arguments, limit: Self.compileLimit, environment: ["TMPDIR": workshop])
    switch result.ending {
    case .exited(0): return
    case .exited: throw ScenarioFailure(.usage, Self.diagnostics(result))
    case .killed(let signal):
      throw ScenarioFailure(.machine, "\(swiftc) died of signal \(signal)\n\(result.errorText)")
    case .tookTooLong:
      throw ScenarioFailure(.usage, "\(path): compiling takes longer than \(Self.compileLimit)")
    case .saidTooMuch:
      throw ScenarioFailure(.usage, "\(path): too many errors to show")
    }
  }

  /// What the compiler says, as it says it. A module of another compiler is not the scenario's fault.
  private static func diagnostics(_ result: Child.Result) -> String {
    let text = result.errorText.isEmpty ? result.outputText : result.errorText
    let isForeign =
      text.contains("compiled with Swift") || text.contains("older than the")
      || text.contains(
        "created by a different version of the compiler")
    let hint =
      "\nThe Scenario module was built by another Swift than the one on this machine; build meshsim again."
    return isForeign ? text + hint : text
  }

  private static func findCompiler(_ environment: [String: String]) throws(ScenarioFailure) -> String {
    let folders = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
    for folder in folders {
      let candidate = "\(folder)/swiftc"
      if access(candidate, X_OK) == 0 { return candidate }
    }
    throw ScenarioFailure(
      .machine, "swiftc is not in PATH: scenarios are Swift files (https://www.swift.org/install)")
  }

  /// FNV-1a of everything the program depends on, 128 bits wide.
  private func key(for path: String, source: String) -> String {
    var hash: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D
    let parts = [
      path, source, module.library, stamp(of: module.library),
      stamp(of: "\(module.interface)/Scenario.swiftmodule"), swiftc, stamp(of: swiftc),
    ]
    for part in parts {
      for byte in part.utf8 { hash = (hash ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013B }
      hash = (hash ^ 0xFF) &* 0x0000_0000_0100_0000_0000_0000_0000_013B
    }
    return "\(baseName(of: path))-" + String(hash, radix: 36)
  }

  private func stamp(of path: String) -> String {
    FileStamp(of: path).map { "\($0.bytes) \($0.modifiedNanoseconds)" } ?? ""
  }

  private func baseName(of path: String) -> String {
    ScenarioFile(path: path).name
  }

  /// Keeps the programs used last, and removes what a killed compiler left.
  private func sweep() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: cache)) ?? []
    let dated = names.map { (name: $0, used: FileStamp.modified("\(cache)/\($0)")) }
    let now = Int64(time(nil))
    for stale in dated where stale.name.hasSuffix(".partial") && stale.used < now - Self.partialSeconds {
      try? FileManager.default.removeItem(atPath: "\(cache)/\(stale.name)")
    }
    let programs = dated.filter { !$0.name.hasSuffix(".partial") }.sorted { $0.used > $1.used }
    for old in programs.dropFirst(Self.programsMax) {
      try? FileManager.default.removeItem(atPath: "\(cache)/\(old.name)")
    }
  }

  private static func parent(of path: String) -> String {
    path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }

  private static let compileLimit = Duration.seconds(120)
  /// A quarter of a megabyte each.
  private static let programsMax = 200
  private static let partialSeconds: Int64 = 600
}

extension FileStamp {
  /// Seconds since 1970; 0 if there is nothing there.
  static func modified(_ path: String) -> Int64 {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_mtim.tv_sec) : 0
  }
}

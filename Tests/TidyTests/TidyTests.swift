// The repository is held to its own rules.

import Testing

@Suite struct TidyTests {
  @Test func `every file keeps the rules`() throws {
    let files = try Repository.swiftFiles()
    #expect(files.count > 20, "the repository was not found at \(Repository.root)")
    for file in files {
      let violations = file.violations.map(\.description)
      if !violations.isEmpty { Issue.record("\(violations.joined(separator: "\n"))") }
    }
  }

  @Test func `every target has its place in the table, and the table no others`() throws {
    let table = Set(rooms.keys)
    let shipped = Set(rooms.filter { $0.value.kind != .testSupport }.keys)
    #expect(Set(try Repository.folders(in: "Sources")) == shipped)
    let manifest = Manifest(try Repository.read("Package.swift"), known: table)
    #expect(Set(manifest.targets.keys) == table)
  }

  @Test func `the manifest and the table draw the same arrows`() throws {
    let manifest = Manifest(try Repository.read("Package.swift"), known: Set(rooms.keys))
    for (name, room) in rooms {
      #expect(manifest.targets[name] == room.ours, "\(name)")
    }
  }

  @Test func `arrows go one way`() {
    for name in rooms.keys {
      var reachable = rooms[name]?.ours ?? []
      for _ in rooms { reachable.formUnion(reachable.flatMap { rooms[$0]?.ours ?? [] }) }
      #expect(!reachable.contains(name), "\(name) reaches itself")
    }
  }

  @Test func `every target's main file opens with what it is for`() throws {
    for (target, room) in rooms where room.kind == .core || room.kind == .shell {
      let paths = try Repository.paths(below: "Sources/\(target)")
      let main = paths.first { path in
        ["/\(target).swift", "/main.swift"].contains { path.lowercased().hasSuffix($0.lowercased()) }
      }
      guard let main else {
        Issue.record("\(target) has no \(target).swift or main.swift")
        continue
      }
      #expect(opensWithComment(try Repository.read(main)), "\(main)")
    }
  }

  @Test func `no text of the repository knows the machine it was written on`() throws {
    let folders = try ["scripts", "Scenarios"].flatMap { try Repository.paths(below: $0) }
    for path in ["Package.swift", "README.md"] + folders {
      guard let text = try? Repository.read(path) else { continue }
      for prefix in SourceFile.machinePrefixes {
        #expect(!text.contains(prefix), "\(path) mentions \(prefix)")
      }
    }
  }
}

/// Whether words of explanation come before any code but imports.
func opensWithComment(_ text: String) -> Bool {
  let lines = text.split(whereSeparator: \.isNewline).drop { line in
    line.hasPrefix("// swift-format-ignore")
      || !line.hasPrefix("//") && line.split(separator: " ").prefix(3).contains("import")
  }
  let first = lines.first ?? ""
  return first.hasPrefix("//") && first.contains(where: \.isLetter)
}

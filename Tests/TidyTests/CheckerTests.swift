// A checker that cannot fail checks nothing: each rule on a snippet that breaks it and on one that does not.

import Testing

private func rules(_ code: String, in path: String = "Sources/Yamux/Snippet.swift") -> [Violation.Rule] {
  SourceFile(path: path, code).violations.map(\.rule)
}

@Suite struct CheckerTests {
  @Test(arguments: [
    "import Noise", "package import Identity", "import Foundation", "import NIOPosix",
    "@preconcurrency import Logging",
    "private import struct Connection.Limits", "@_exported public import Node", "import FoundationEssentials",
  ])
  func `an arrow that is not in the table`(code: String) {
    #expect(rules(code) == [.forbiddenImport])
  }

  @Test(arguments: [
    "import Wire", "package import SansIO", "import NIOCore", "import struct Wire.Multiaddr",
    "// import Noise",
    "#if canImport(Foundation)\n#endif", "let important = 1", "let text = \"\"\"\nimport Noise\n\"\"\"",
  ])
  func `an arrow that is, or none`(code: String) {
    #expect(rules(code) == [])
  }

  @Test func `shells may import what core may not, within their own table`() {
    #expect(rules("import NIOPosix", in: "Sources/Runtime/Snippet.swift") == [])
    #expect(rules("import TOMLKit", in: "Sources/Runtime/Snippet.swift") == [.forbiddenImport])
    #expect(rules("import Runtime", in: "Sources/meshnode/main.swift") == [.forbiddenImport])
    #expect(rules("import Foundation", in: "Tests/YamuxTests/Snippet.swift") == [])
    #expect(rules("import Foundation", in: "Tests/TestKit/Snippet.swift") == [.forbiddenImport])
  }

  @Test(arguments: [
    "func run() async {}", "await x", "Task { }", "let l = NIOLock()", "let l: Mutex<Int>",
    "var e: EventLoop",
    "var f: EventLoopFuture<Int>", "func f(_ c: Channel) {}", "let now = Date()", "ContinuousClock.now",
    "print(x)", "debugPrint(x)", "DispatchQueue.main", "actor Node {}", "let x = UUID()", "a.hashValue",
    "let s = \"\\(Date())\"", "SystemRandomNumberGenerator()",
  ])
  func `words of the world in a core target`(code: String) {
    #expect(rules(code) == [.forbiddenWord])
    #expect(rules(code, in: "Sources/Runtime/Snippet.swift") == [])
    #expect(rules(code, in: "Sources/Wire/Protobuf/snippet.pb.swift") == [])
  }

  @Test(arguments: [
    "// async Task print(x)", "/* Task /* Date() */ await */", "let s = \"await Task print(\"",
    "self.print(x)",
    "let s = #\"Task \"quoted\" \\(Date())\"#", "struct SecureChannel {}", "let asynchronous = 1",
    "let date = 1",
    "let s = \"\"\"\n  Task \"await\"\n  \"\"\"\nlet x = 1", "let printed = 1", "let s = \"\\\"Task\\\"\"",
  ])
  func `words that only look like them`(code: String) {
    #expect(rules(code) == [])
  }

  @Test(arguments: [
    "Int.random(in: 0...9)", "list.randomElement()", "list.shuffled()", "list.shuffle( )",
    "Int.random(in: 0...f(using: 1) )",
  ])
  func `chance without a seed`(code: String) {
    let isNested = code.contains("f(using:")
    // An argument that contains the label deeper down passes: this is a lexer.
    #expect(rules(code) == (isNested ? [] : [.unseededRandom]))
  }

  @Test(arguments: ["Int.random(in: 0...9, using: &g)", "list.shuffled(using: &g)", "func random() {}"])
  func `chance with a seed`(code: String) {
    #expect(rules(code) == [])
  }

  @Test func `force`() {
    #expect(rules("let x = try! f()") == [.forcedTry])
    #expect(rules("let x = y as! Int") == [.forcedCast])
    #expect(rules("let x = try? f()\nlet y = x as? Int\nlet z = x != 1") == [])
    #expect(rules("let x = try! f()", in: "Sources/Runtime/Snippet.swift") == [.forcedTry])
  }

  @Test func `unfinished work`() {
    #expect(rules("fatalError()") == [.unfinishedCode])
    #expect(rules("fatalError(\"\")") == [.unfinishedCode])
    #expect(rules("fatalError(\"todo: the rest\")") == [.unfinishedCode])
    #expect(rules("fatalError(\"Not implemented\")") == [.unfinishedCode])
    #expect(rules("x() // TODO later") == [.unfinishedCode])
    #expect(rules("fatalError(\"the table lost stream \\(id)\")") == [])
  }

  @Test func `preconditions say the state`() {
    #expect(rules("precondition(x > 0)") == [.emptyPrecondition])
    #expect(rules("precondition(x > f(1, 2), \"\")") == [.emptyPrecondition])
    #expect(rules("preconditionFailure()") == [.emptyPrecondition])
    #expect(rules("precondition(x > f(1, 2), \"x is \\(x), of 2\")") == [])
    #expect(rules("precondition(\n  x,\n  \"x is \\(f(1))\")") == [])
    #expect(rules("preconditionFailure(\"in \\(state)\")") == [])
  }

  @Test func `unsafety is explained`() {
    #expect(rules("final class A: @unchecked Sendable {}") == [.unexplainedUnsafety])
    #expect(rules("nonisolated(unsafe) var x = 1") == [.unexplainedUnsafety])
    #expect(
      rules("// Only the loop touches it.\n\nfinal class A: @unchecked Sendable {}") == [.unexplainedUnsafety]
    )
    #expect(rules("// Only the loop touches it.\nfinal class A: @unchecked Sendable {}") == [])
    #expect(rules("nonisolated(unsafe) var x = 1  // written once, before any thread") == [])
    #expect(rules("nonisolated var x: Int { 1 }") == [])
  }

  @Test func `lengths`() {
    let line = "let x = 1\n"
    #expect(rules(String(repeating: line, count: 500)) == [])
    #expect(rules(String(repeating: line, count: 501)) == [.longFile])
    #expect(rules("//" + String(repeating: "é", count: 108)) == [])
    #expect(rules("//" + String(repeating: "é", count: 109)) == [.longLine])
  }

  @Test func `machine paths`() {
    for prefix in SourceFile.machinePrefixes {
      #expect(rules("let x = \"\(prefix)x\"", in: "Tests/YamuxTests/Snippet.swift") == [.machinePath])
    }
    #expect(SourceFile.machinePrefixes.map(\.count) == [6, 6, 9])
    #expect(rules("let framework = homework/2") == [])
  }

  @Test func `openings`() {
    #expect(opensWithComment("// What this is for.\nimport Wire"))
    #expect(opensWithComment("/// What this is for.\nstruct A {}"))
    #expect(opensWithComment("package import Wire\n\n/// What this is for.\nstruct A {}"))
    #expect(!opensWithComment("import Wire\nstruct A {}\n// Later."))
    #expect(!opensWithComment("import Wire"))
    #expect(!opensWithComment("//\nimport Wire"))
    #expect(!opensWithComment(""))
  }

  @Test func `lines are counted from one`() {
    let file = SourceFile(path: "Sources/Yamux/Snippet.swift", "\nlet a = 1\nlet x = try! f()\n")
    #expect(file.violations.map(\.description) == ["Sources/Yamux/Snippet.swift:3: forcedTry: try!"])
  }

  @Test func `a manifest is read`() {
    let manifest = Manifest(
      """
      let sodium: Target.Dependency = "CSodium"
      func machine(_ name: String) -> [Target] { [.target(name: name), .testTarget(name: "\\(name)Tests")] }
      machine("A", [bytes]), machine("B", uses: ["A"], [bytes, sodium]),
      .systemLibrary(name: "CSodium", pkgConfig: "libsodium"),
      .executableTarget(
        name: "tool", dependencies: ["B", arguments], swiftSettings: strict),
      """, known: ["A", "B", "CSodium", "tool"])
    #expect(manifest.targets == ["A": [], "B": ["A", "CSodium"], "CSodium": [], "tool": ["B"]])
  }
}

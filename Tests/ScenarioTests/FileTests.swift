import Foundation
import Scenario
import Testing

@testable import meshsim

/// A folder for one test, and the compiler with a cache in it.
private struct Workplace: ~Copyable {
  let folder: String
  let compiler: ScenarioCompiler

  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/scenario-tests-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var environment = ProcessInfo.processInfo.environment
    environment["XDG_CACHE_HOME"] = folder + "/cache"
    compiler = try ScenarioCompiler(environment: environment)
  }

  func file(_ name: String = "mine.swift", saying text: String) throws -> ScenarioFile {
    try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
    return ScenarioFile(path: "\(folder)/\(name)")
  }

  var cached: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: compiler.cache)) ?? []
  }

  deinit {
    try? FileManager.default.removeItem(atPath: folder)
  }
}

private let fiveLines = """
  // Behind a symmetric NAT.
  import Scenario
  scenario { net in
    let (hub, ana) = (net.node("hub"), net.node("ana", behind: .symmetric))
    net.start(hub, ana)
    net.expect(ana.sees(hub), within: .seconds(10))
  }
  """

@Suite(.serialized) struct FileTests {
  @Test func aFileBecomesAPlanInUnderASecondAndThenAtOnce() throws {
    let place = try Workplace()
    let file = try place.file(saying: fiveLines)
    _ = try file.plan(seed: 1, with: place.compiler)  // the compiler itself is read from disk
    let edited = try place.file(saying: fiveLines.replacingOccurrences(of: "10", with: "11"))
    let clock = ContinuousClock()
    var plan: Plan?
    let compiling = try clock.measure { plan = try edited.plan(seed: 9, with: place.compiler) }
    let again = try clock.measure { _ = try edited.plan(seed: 9, with: place.compiler) }
    #expect(plan?.name == "mine")
    #expect(plan?.purpose == "Behind a symmetric NAT.")
    #expect(plan?.seed == 9)
    // A quiet machine needs 0.35 s; other builds beside this test may triple it.
    #expect(compiling < .seconds(3))
    #expect(again < .milliseconds(500))
    #expect(place.cached.count == 2, "programs and nothing else: \(place.cached)")
    print("scenario compiled and read in \(compiling), from the cache in \(again)")
  }

  @Test func errorsAreTheCompilersWithFileAndLine() throws {
    let place = try Workplace()
    let file = try place.file(saying: "import Scenario\nscenario { net in\n  bne.crash()\n}\n")
    let failure = #expect(throws: ScenarioFailure.self) { try file.plan(seed: 1, with: place.compiler) }
    #expect(failure?.status == .usage)
    #expect(failure?.description.contains("mine.swift:3:3: error: cannot find 'bne' in scope") == true)
    #expect(place.cached.isEmpty, "\(place.cached)")
  }

  @Test func mistakesAreToldWithFileAndLine() throws {
    let place = try Workplace()
    let file = try place.file(
      saying:
        "import Scenario\nscenario { net in\n  let a = net.node(\"a\")\n  a.stop()\n"
        + "  net.wait(.seconds(-1))\n}\n"
    )
    let failure = #expect(throws: ScenarioFailure.self) { try file.plan(seed: 1, with: place.compiler) }
    let lines = failure?.description.split(separator: "\n").map { $0.replacing(place.folder + "/", with: "") }
    #expect(
      lines == [
        "mine.swift:3: error: nothing is ever started: net.start(a)",
        "mine.swift:4: error: stop of a: a was never started", "mine.swift:5: error: waits for -1000 ms",
      ])
  }

  @Test(arguments: [
    ("import Scenario\n", "no scenario { net in … }"),
    ("import Scenario\nscenario { _ in }\nscenario { _ in }\n", "a file has one scenario"),
    ("import Scenario\nlet a = [1]\nscenario { _ in _ = a[CommandLine.arguments.count] }\n", "crashes"),
    ("import Foundation\nexit(7)\n", "exits with 7"),
  ]) func programsThatAreNoScenario(source: String, message: String) throws {
    let place = try Workplace()
    let file = try place.file(saying: source)
    let failure = #expect(throws: ScenarioFailure.self) { try file.plan(seed: 1, with: place.compiler) }
    #expect(failure?.description.contains(message) == true, "\(failure?.description ?? "")")
    #expect(failure?.status == .usage)
  }

  @Test func aStoredPlanNeedsNoCompiler() throws {
    let place = try Workplace()
    let plan = try place.file(saying: fiveLines).plan(seed: 3, with: place.compiler)
    let stored = try place.file("stored.json", saying: JSON(encoding: plan).text)
    #expect(try stored.plan(seed: 3, with: place.compiler) == plan)
    #expect(throws: ScenarioFailure.self) {
      try place.file("bad.json", saying: "{}").plan(seed: 3, with: place.compiler)
    }
  }

  @Test func everyScenarioOfOursIsAPlanWithoutMistakes() throws {
    let place = try Workplace()
    let catalog = ScenarioCatalog(folders: [repository + "/Scenarios"])
    let files = try catalog.all(in: nil)
    #expect(files.count >= 10)
    for file in files {
      let plan = try file.plan(seed: 1, with: place.compiler)
      #expect(!plan.expectations.isEmpty && !plan.purpose.isEmpty, "\(file.name)")
      #expect(try file.isLong() == (plan.length == .long), "\(file.name)")
    }
  }

  @Test func filesFoldersAndNamesAreFound() throws {
    let catalog = ScenarioCatalog(folders: ["/nowhere", repository + "/Scenarios"])
    #expect(try catalog.files(named: "crash").map(\.name) == ["crash"])
    #expect(try catalog.files(named: repository + "/Scenarios/").count >= 10)
    #expect(throws: ScenarioFailure.self) { try catalog.files(named: "no-such-thing") }
    let list = try ScenarioCatalog.list(catalog.all(in: nil))
    #expect(list.contains { $0.hasPrefix("crash") && $0.hasSuffix("and nobody else.") })
  }

  @Test func longOnesAreLeftOutOfFoldersUnlessAskedFor() throws {
    let place = try Workplace()
    _ = try place.file("brief.swift", saying: fiveLines)
    let text = fiveLines.replacingOccurrences(of: "scenario {", with: "scenario(.long) {")
    let long = try place.file("endless.swift", saying: text)
    let catalog = ScenarioCatalog(folders: [place.folder])
    #expect(try catalog.files(named: place.folder, withLong: false).map(\.name) == ["brief"])
    #expect(try catalog.files(named: place.folder, withLong: true).map(\.name) == ["brief", "endless"])
    #expect(try catalog.files(named: "endless", withLong: false) == [long])
    let list = try ScenarioCatalog.list(catalog.all(in: nil))
    #expect(list.map { $0.contains("(long: by name, or with --all)") } == [false, true])
  }

  @Test func purposesComeFromTheFirstComment() {
    #expect(ScenarioFile.purpose(of: "\n// What for.\nimport Scenario") == "What for.")
    #expect(ScenarioFile.purpose(of: "import Scenario\n// Not this.") == "")
  }

  @Test func childrenHaveLimits() throws {
    let slow = try Child.run(["/bin/sh", "-c", "sleep 60 & sleep 60"], limit: .milliseconds(200))
    #expect(slow.ending == .tookTooLong)
    let loud = try Child.run(["/bin/sh", "-c", "cat /dev/zero"], limit: .seconds(20))
    #expect(loud.ending == .saidTooMuch)
    let dead = try Child.run(["/bin/sh", "-c", "kill -9 $$"], limit: .seconds(20))
    #expect(dead.ending == .killed(signal: 9))
    #expect(throws: ScenarioFailure.self) { try Child.run(["/no/such/program"], limit: .seconds(1)) }
  }
}

private let repository: String = {
  let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
  return parts.dropLast(3).joined(separator: "/")
}()

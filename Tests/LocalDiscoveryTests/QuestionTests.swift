import NIOCore
import SansIO
import Testing
import Wire

@testable import LocalDiscovery

@Suite struct AskingTests {
  @Test(arguments: 0..<20) func aBurstThatThinsOut(seed: UInt64) throws {
    var stage = Stage(seed: seed)
    stage.pass(.seconds(300))
    let times = stage.questions.map(\.at)
    #expect((.milliseconds(20) ... .milliseconds(120)).contains(try #require(times.first)))
    let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
    for (gap, wanted) in zip(gaps, [1, 2, 4, 8, 16, 32, 60, 60]) {
      #expect((.seconds(wanted) * 0.9 ... .seconds(wanted) * 1.1).contains(gap))
    }
    #expect(stage.questions.allSatisfy { $0.to == .group && $0.link == lan4 })
  }

  @Test func everyLinkIsAsked() {
    var stage = Stage(on: [dualHome, interface(wifi, "wifi0", "192.168.1.1/24")])
    stage.pass(.milliseconds(120))
    #expect(Set(stage.questions.map(\.link)) == [lan4, lan6, wifi4])
  }

  @Test func whoListensOnNothingStillAsks() {
    var stage = Stage(announcing: [])
    stage.pass(.seconds(10))
    #expect(stage.questions.count == 4)
    #expect(stage.answers.isEmpty)
  }

  @Test func aQuestionOfAnotherJustBeforeOursSavesIt() {
    var stage = Stage()
    stage.hear(announcement(name: "both", at: "/ip4/10.0.0.2/tcp/1"))
    stage.hear(question(known: [(instanceName("both"), 100), (stage.ownName, 100)]))
    stage.pass(.milliseconds(500))
    #expect(stage.questions.isEmpty)
    #expect(stage.counters.questionsSaved == 1)
    stage.pass(.seconds(1))
    #expect(stage.questions.count == 1)
  }

  @Test func aQuestionOfAnotherLongBeforeOursDoesNot() {
    var stage = Stage()
    stage.settle()
    for _ in 0..<10 { stage.hear(question()) }
    #expect(stage.counters.questionsSaved == 0)
    stage.pass(.seconds(70))
    #expect(!stage.questions.isEmpty)
  }

  @Test func aQuestionThatKeepsUnknownAnswersAwayDoesNotEither() {
    var stage = Stage()
    stage.hear(question(known: [(instanceName("stranger"), 300)]))
    stage.pass(.milliseconds(200))
    #expect(stage.questions.count == 1)
  }

  @Test func ourOwnQuestionComingBackIsNotAnothers() {
    var stage = Stage()
    stage.pass(.milliseconds(120))
    let asked = stage.questions[0].message
    stage.pass(.milliseconds(700))
    stage.hear(asked, from: Endpoint(ip("10.0.0.1"), port: 5353))
    #expect(stage.counters.questionsSaved == 0)
  }

  @Test func whatIsKnownIsToldUntilHalfOfItsTimeHasPassed() {
    var stage = Stage()
    stage.hear(announcement(name: "known", at: "/ip4/10.0.0.2/tcp/1", ttlSeconds: 20))
    stage.pass(.seconds(40))
    let known = stage.questions.map { ($0.at, $0.message.answers.map(\.data)) }
    for (at, answers) in known {
      #expect(answers == (at < .seconds(10) ? [.pointer(instanceName("known"))] : []))
    }
    #expect(known.count >= 5)
  }

  @Test func knownAnswersFitIntoAPacket() {
    var stage = Stage()
    for number in 10...69 {
      let name = String(repeating: "n", count: 61) + "\(number)"
      stage.hear(announcement(of: UInt32(number), name: name, at: "/ip4/10.0.0.2/tcp/\(number)"))
    }
    stage.pass(.milliseconds(120))
    #expect(stage.questions.first?.message.answers.count == 16)
    #expect(stage.questions.first.map { $0.message.encoded().readableBytes <= 1300 } == true)
  }

  @Test func aChangeOfTheNetworkBeginsTheBurstAgain() {
    var stage = Stage()
    stage.settle()
    stage.plug([interface(lan, "lan0", "10.0.0.1/24", "10.0.0.9/24")])
    stage.pass(.seconds(2))
    #expect(stage.questions.count == 2)
    stage.settle()
    stage.plug([interface(lan, "lan0", "10.0.0.1/24", "10.0.0.9/24")])
    stage.pass(.seconds(2))
    #expect(stage.questions.count <= 1)
  }
}

@Suite struct AnsweringTests {
  @Test(arguments: 0..<20) func afterAMomentAndTogether(seed: UInt64) throws {
    var stage = Stage(seed: seed)
    stage.settle()
    for _ in 0..<5 { stage.hear(question()) }
    stage.pass(.milliseconds(500))
    #expect(stage.answers.count == 1)
    let delay = try #require(stage.answers.first).at - .seconds(70)
    #expect((.milliseconds(20) ... .milliseconds(120)).contains(delay))
    #expect(stage.answers[0].to == .group)
  }

  @Test func ourOwnQuestionIsAnsweredToo() {
    var stage = Stage()
    stage.settle()
    stage.pass(.seconds(66))
    #expect(stage.sent.map(\.message.isResponse) == [false, true])
  }

  @Test func neverMoreThanOneASecond() {
    var stage = Stage()
    stage.settle()
    for _ in 0..<100 {
      stage.hear(question())
      stage.pass(.milliseconds(100))
    }
    let times = stage.answers.map(\.at)
    #expect((8...10).contains(times.count))
    for (earlier, later) in zip(times, times.dropFirst()) { #expect(later - earlier >= .seconds(1)) }
  }

  @Test func whoKnowsIsNotAnswered() {
    var stage = Stage()
    stage.settle()
    stage.hear(question(known: [(stage.ownName, 300)]))
    stage.pass(.milliseconds(200))
    #expect(stage.answers.isEmpty)
    #expect(stage.counters.answersSaved == 1)
    stage.hear(question(known: [(stage.ownName, 299)]))
    stage.pass(.milliseconds(200))
    #expect(stage.answers.count == 1)
  }

  @Test func whoHasMoreToTellIsWaitedFor() {
    var stage = Stage()
    stage.settle()
    stage.hear(question(truncated: true))
    stage.pass(.milliseconds(399))
    #expect(stage.answers.isEmpty)
    var more = question(known: [(stage.ownName, 300)])
    more.questions = []
    stage.hear(more)
    stage.pass(.milliseconds(500))
    #expect(stage.answers.isEmpty)
    stage.hear(question(truncated: true))
    stage.hear(more, from: Endpoint(ip("10.0.0.3"), port: 5353))
    stage.pass(.milliseconds(500))
    #expect(stage.answers.count == 1)
  }

  @Test func theAnswer() throws {
    var stage = Stage(on: [interface(lan, "lan0", "10.0.0.1/24", "fd00::1/64")])
    stage.announce(["/ip4/0.0.0.0/tcp/4001", "/ip6/::/tcp/4002"])
    stage.pass(.milliseconds(240))
    let answer = try #require(stage.answers.first).message
    let host = try #require(Service.hosts.prefixed(by: stage.machine.label))
    #expect(
      answer.answers == [Record(name: Service.peers, data: .pointer(stage.ownName), ttlSeconds: 600)])
    let texts: [[UInt8]] = [text("/ip6/fd00::1/tcp/4002", 0), text("/ip4/10.0.0.1/tcp/4001", 0)]
      .map { [UInt8]($0.utf8) }
    func own(_ name: Name, _ data: Record.Data) -> Record {
      Record(name: name, data: data, ttlSeconds: 600, isUnique: true)
    }
    #expect(
      answer.additionals == [
        own(stage.ownName, .text([texts[0]])), own(stage.ownName, .text([texts[1]])),
        own(stage.ownName, .service(host: host, port: 4001)),
        own(host, .ip4(IPv4Address(rawValue: 0x0A00_0001))),
        own(host, .ip6(IPv6Address(upper: 0xFD00_0000_0000_0000, lower: 1))),
      ])
  }

  @Test(arguments: 0..<20) func namesAreRandom(seed: UInt64) {
    let label = Stage(seed: seed).machine.label
    #expect(label.count == 32)
    #expect(label.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789".utf8.contains($0) })
    #expect(label != Stage(seed: seed + 1).machine.label)
  }

  @Test func singleRecordsCanBeAskedFor() throws {
    var stage = Stage()
    stage.settle()
    let host = try #require(Service.hosts.prefixed(by: stage.machine.label))
    let wanted: [(Name, RecordType, [RecordType])] = [
      (Service.all, .pointer, [.pointer]), (stage.ownName, .text, [.text]),
      (stage.ownName, .service, [.service]),
      (stage.ownName, .any, [.text, .service]), (host, .ip4, [.ip4]), (host, .any, [.ip4]),
      (Service.peers, .any, [.pointer]),
    ]
    for (name, type, types) in wanted {
      stage.settle(.seconds(2))
      stage.hear(question(name, type))
      stage.pass(.milliseconds(200))
      #expect(stage.answers.first?.message.answers.map(\.data.type) == types)
    }
    for (name, type) in [(host, RecordType.ip6), (Service.peers, .text), (instanceName("x"), .any)] {
      stage.settle(.seconds(2))
      stage.hear(question(name, type))
      stage.pass(.milliseconds(200))
      #expect(stage.answers.isEmpty)
    }
  }

  @Test func oldResolversAreAnsweredAsByAServer() throws {
    var stage = Stage()
    stage.settle()
    let resolver = Endpoint(ip("10.0.0.2"), port: 40_000)
    stage.hear(question(id: 7), from: resolver)
    let answer = try #require(stage.answers.first)
    #expect(answer.to == .unicast(resolver))
    #expect(answer.message.id == 7)
    #expect(answer.message.questions == [Question(name: Service.peers, type: .pointer)])
    let records = answer.message.answers + answer.message.additionals
    #expect(records.allSatisfy { $0.ttlSeconds <= 10 && !$0.isUnique })
  }

  @Test func whoWantsItAloneGetsItAloneUnlessTheOthersNeedItToo() {
    var stage = Stage()
    stage.settle()
    stage.hear(question(unicast: true))
    #expect(stage.answers.map(\.to) == [.unicast(neighbour)])
    #expect(stage.answers[0].message.additionals.count { $0.isUnique } == 3)
    var silent = Stage { $0.questionIntervalMin = .seconds(500) }
    silent.settle(.seconds(200))
    silent.hear(question(unicast: true))
    silent.pass(.milliseconds(200))
    #expect(silent.answers.map(\.to) == [.group])
  }

  @Test func nothingToTellNoAnswer() {
    var stage = Stage(announcing: ["/ip4/127.0.0.1/tcp/4001", "/ip4/10.9.9.9/tcp/1"])
    stage.hear(question())
    stage.hear(question(Service.all))
    stage.hear(question(unicast: true))
    stage.hear(question(), from: Endpoint(ip("10.0.0.2"), port: 9999))
    stage.pass(.seconds(2))
    #expect(stage.answers.isEmpty)
  }
}

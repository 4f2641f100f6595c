// The wire between prober and reflector, and the reflector's times.

import NetworkModel
import SansIO
import Testing

@testable import Certify

private let source = Endpoint(Address(11, 2, 0, 1), 20_000)

private func at(_ milliseconds: Int) -> Instant { .zero + .milliseconds(milliseconds) }

private func expectNothing(_ reflector: inout Reflector) {
  let datagram = reflector.nextDatagram()
  #expect(datagram == nil)
}

@Suite struct ReflectionTests {
  @Test func `requests and answers survive the wire`() {
    let request = Request(
      id: 0xDEAD_BEEF, [.init(Spot(1, 15), after: .milliseconds(65_000)), .init(Spot(0, 0))])
    #expect(Request(request.bytes) == request)
    let answer = Answer(id: 7, wish: 3, observed: source)
    #expect(Answer(answer.bytes) == answer)
  }

  @Test func `what is cut short, or of another kind, is nothing`() {
    let request = Request(id: 1, [.init(Spot(0, 1)), .init(Spot(1, 1))]).bytes
    for count in 0..<request.count where ![5, 9].contains(count) {
      #expect(Request(Array(request.prefix(count))) == nil)
    }
    let answer = Answer(id: 1, wish: 0, observed: source).bytes
    for count in 0..<answer.count { #expect(Answer(Array(answer.prefix(count))) == nil) }
    #expect(Request(answer) == nil && Answer(request) == nil)
    #expect(Request([0x51, 0, 0, 0, 1, 2, 0, 0, 0]) == nil, "there is no third address")
    #expect(Request([0x51, 0, 0, 0, 1, 0, 16, 0, 0]) == nil, "there is no seventeenth port")
    let many = [0x51, 0, 0, 0, 1] + [UInt8](repeating: 0, count: 4 * (Request.wishesMax + 1))
    #expect(Request(many) == nil, "more wishes than any measurement has")
  }

  @Test func `answers come when they were asked for, from where they were asked for`() throws {
    var reflector = Reflector()
    let request = Request(id: 9, [.init(Spot(0, 0), after: .milliseconds(60)), .init(Spot(1, 2))])
    reflector.receive(request.bytes, from: source, at: at(0))
    let earliest = reflector.nextDatagram()
    let first = try #require(earliest)
    #expect(first.from == Spot(1, 2) && first.to == source)
    #expect(Answer(first.bytes) == Answer(id: 9, wish: 1, observed: source))
    expectNothing(&reflector)
    let deadline = reflector.deadline
    #expect(deadline == at(60))
    reflector.advance(to: at(59))
    expectNothing(&reflector)
    reflector.advance(to: at(60))
    let second = reflector.nextDatagram()
    #expect(second?.from == Spot(0, 0))
    let after = reflector.deadline
    #expect(after == nil)
  }

  @Test func `garbage is ignored`() {
    var reflector = Reflector()
    for bytes: [UInt8] in [[], [0], [0x51], Array("GET / HTTP/1.1\r\n".utf8)] {
      reflector.receive(bytes, from: source, at: at(0))
    }
    expectNothing(&reflector)
    let deadline = reflector.deadline
    #expect(deadline == nil)
  }
}

import NetworkModel
import SansIO
import Testing

private func name(_ index: UInt64, flow: UInt64 = 1) -> PacketName { PacketName(flow: flow, index: index) }

extension Link.OnSend {
  fileprivate var arrival: Instant? {
    if case .carried(let fate) = self { return fate.arrival }
    return nil
  }
  fileprivate var isLost: Bool { arrival == nil }
}

@Suite struct LinkTests {
  @Test func `a delay is exact`() {
    var link = Link(.init(delay: .milliseconds(25)), seed: 1)
    for index in UInt64(0)..<100 {
      let now = Instant(nanoseconds: index * 1_234_567)
      #expect(
        link.send(name(index), bytes: 1200, at: now) == .carried(.init(arrival: now + .milliseconds(25))))
    }
  }

  @Test func `a rate spaces packets, and a full queue drops the newest`() {
    // 1,000 bytes are a millisecond.
    var link = Link(.init(delay: .milliseconds(5), bitsPerSecond: 8_000_000, queueBytes: 3000), seed: 1)
    let arrivals = (0..<4).map { link.send(name($0), bytes: 1000, at: .zero) }
    #expect(arrivals.map(\.arrival) == [.milliseconds(6), .milliseconds(7), .milliseconds(8), nil])
    #expect(arrivals[3] == .died(.queueFull))
    #expect(link.send(name(4), bytes: 1000, at: .milliseconds(1)).arrival == .milliseconds(9))
    #expect(link.send(name(5), bytes: 1000, at: .milliseconds(100)).arrival == .milliseconds(106))
  }

  @Test func `jitter stays within its bounds, and keeps order`() {
    var link = Link(.init(delay: .milliseconds(10), jitter: .milliseconds(5)), seed: 1)
    var last = Instant.zero
    for index in UInt64(0)..<1000 {
      let now = Instant(nanoseconds: index * 10_000_000)
      guard let arrival = link.send(name(index), bytes: 100, at: now).arrival else { continue }
      #expect(arrival >= now + .milliseconds(10) && arrival <= now + .milliseconds(15) && arrival >= last)
      last = arrival
    }
  }

  @Test func `independent loss has its rate`() {
    var link = Link(.init(loss: .independent(0.1)), seed: 1)
    let lost = (0..<20_000).filter { link.send(name($0), bytes: 100, at: .zero).isLost }.count
    #expect((1800...2200).contains(lost))
  }

  @Test func `bursts have their rate and their length`() {
    let channel = GilbertElliott(toBad: 0.01, toGood: 0.1)
    var link = Link(.init(loss: .bursts(channel)), seed: 1)
    let lost = (0..<50_000).map { link.send(name($0), bytes: 100, at: .zero).isLost }
    let share = Double(lost.filter { $0 }.count) / 50_000
    #expect(abs(share - channel.shareBad) < 0.02)
    let bursts = zip(lost, lost.dropFirst()).filter { !$0 && $1 }.count
    let length = share * 50_000 / Double(max(1, bursts))
    #expect((8...12).contains(length))
  }

  @Test func `fates depend on the packet's name, not on what else is sent`() {
    let conditions = Link.Conditions(
      loss: .bursts(.init(toBad: 0.05, toGood: 0.2)), reorder: 0.1, duplicate: 0.1, corrupt: 0.1)
    var alone = Link(conditions, seed: 9)
    var crowded = Link(conditions, seed: 9)
    var other = Link(conditions, seed: 10)
    let fates = (0..<500).map { alone.send(name($0), bytes: 100, at: .zero) }
    let same = (UInt64(0)..<500).reversed().map { index -> Link.OnSend in
      _ = crowded.send(name(index, flow: 2), bytes: 1000, at: .zero)
      return crowded.send(name(index), bytes: 100, at: .zero)
    }
    #expect(fates == Array(same.reversed()))
    #expect(fates != (0..<500).map { other.send(name($0), bytes: 100, at: .zero) })
  }

  @Test func `one condition more does not shift the others' chance`() {
    var few = Link(.init(loss: .independent(0.2)), seed: 3)
    var many = Link(
      .init(jitter: .milliseconds(3), loss: .independent(0.2), reorder: 0.3, duplicate: 0.3, corrupt: 0.3),
      seed: 3)
    for index in UInt64(0)..<500 {
      let isLost = few.send(name(index), bytes: 100, at: .zero).isLost
      #expect(many.send(name(index), bytes: 100, at: .zero).isLost == isLost)
    }
  }

  @Test func `a packet held back is passed by the next`() {
    var link = Link(.init(delay: .milliseconds(10), reorder: 0.5, reorderDelay: .milliseconds(7)), seed: 2)
    let arrivals = (0..<100).compactMap { link.send(name($0), bytes: 100, at: .zero).arrival }
    #expect(Set(arrivals) == [.milliseconds(10), .milliseconds(17)])
  }

  @Test func `large packets are too big, or vanish`() {
    var honest = Link(.init(mtu: 1280), seed: 1)
    var hole = Link(.init(mtu: 1280, hidesMTU: true), seed: 1)
    #expect(honest.send(name(0), bytes: 1281, at: .zero) == .died(.tooBig))
    #expect(hole.send(name(0), bytes: 1281, at: .zero) == .died(.blackHole))
    #expect(hole.send(name(1), bytes: 1280, at: .zero).isLost == false)
  }

  @Test func `conditions that make no sense do not trap`() {
    var link = Link(
      .init(
        delay: .seconds(-5), jitter: .seconds(Int64.max),
        loss: .bursts(.init(toBad: .nan, toGood: .infinity)),
        bitsPerSecond: 1, queueBytes: -1, reorder: .nan, duplicate: 7, corrupt: -1, mtu: -1), seed: 1)
    _ = link.send(name(0), bytes: .max, at: .distantFuture)
    link.conditions.mtu = nil
    _ = link.send(name(.max), bytes: 70_000, at: .distantFuture)
    link.conditions.queueBytes = .max
    #expect(link.send(name(1), bytes: 1, at: .zero) != .died(.tooBig))
  }

  @Test func `conditions change while running`() {
    var link = Link(.init(delay: .milliseconds(50)), seed: 1)
    #expect(link.send(name(0), bytes: 100, at: .zero).arrival == .milliseconds(50))
    link.conditions.delay = .milliseconds(5)
    // In order still: nothing passes what is under way.
    #expect(link.send(name(1), bytes: 100, at: .zero).arrival == .milliseconds(50))
    #expect(link.send(name(2), bytes: 100, at: .milliseconds(60)).arrival == .milliseconds(65))
    link.conditions.loss = .independent(1)
    #expect(link.send(name(3), bytes: 100, at: .milliseconds(70)) == .died(.lost))
  }
}

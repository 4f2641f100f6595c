import SansIO
import Testing

@testable import Yamux

@Suite struct WindowTests {
  static let initial = Window.initialBytes

  @Test func sendCreditAddsUpToTheLastByteAndNoFurther() {
    var window = SendWindow()
    #expect(window.credit == 262_144)
    #expect(window.grant(UInt32.max - 262_144) == true)
    #expect(window.credit == .max)
    #expect(window.grant(1) == false)
    #expect(window.credit == .max)
    window.spend(Int(UInt32.max))
    #expect(window.credit == 0)
  }

  @Test func receivingMoreThanTheWindowIsRefused() {
    var window = ReceiveWindow(now: .zero)
    #expect(window.spend(Self.initial + 1) == false)
    #expect(window.spend(Self.initial) == true)
    #expect(window.spend(1) == false)
    #expect(window.unreadBytes == Self.initial)
  }

  @Test func creditIsOwedFromHalfAWindowOn() {
    var window = ReceiveWindow(now: .zero)
    #expect(window.spend(Self.initial) == true)
    window.consume(Int(Self.initial / 2) - 1)
    #expect(!window.owesGrant)
    window.consume(1)
    #expect(window.owesGrant)
    #expect(window.takeGrant(at: .zero, roundTrip: nil, growthMax: .max) == Self.initial / 2)
    #expect(!window.owesGrant)
    #expect(window.credit == Self.initial / 2)
    #expect(window.unreadBytes == Self.initial / 2)
  }

  @Test(arguments: [(399, 2), (400, 1), (5000, 1)])
  func windowDoublesWhenItWentByInFourRoundTrips(_ milliseconds: Int, _ factor: UInt32) {
    var window = ReceiveWindow(now: .zero)
    #expect(window.spend(Self.initial / 2) == true)
    window.consume(Int(Self.initial / 2))
    let grant = window.takeGrant(
      at: .milliseconds(milliseconds), roundTrip: .milliseconds(100), growthMax: .max)
    #expect(window.limit == Self.initial * factor)
    #expect(grant == Self.initial / 2 + Self.initial * (factor - 1))
    #expect(window.credit == window.limit)
  }

  @Test func growthStopsWhereTheBudgetDoes() {
    var window = ReceiveWindow(now: .zero)
    #expect(window.spend(Self.initial) == true)
    window.consume(Int(Self.initial))
    #expect(window.takeGrant(at: .zero, roundTrip: .seconds(1), growthMax: 1000) == Self.initial + 1000)
    #expect(window.grownBytes == 1000)
    window.consume(0)
    #expect(window.takeGrant(at: .zero, roundTrip: .seconds(1), growthMax: 0) == 0)
    #expect(window.limit == Self.initial + 1000)
  }

  @Test func identifiersAreTakenOnceInAnyOrder() {
    var used = UsedIdentifiers()
    #expect(used.opened(9) == .fresh)
    #expect(used.opened(3) == .fresh)
    #expect(used.opened(9) == .used)
    #expect(used.opened(3) == .used)
    #expect(used.opened(1) == .fresh)
    #expect(used.opened(2049) == .fresh)
    #expect(used.opened(1) == .tooOld)
    #expect(used.opened(3) == .used, "the oldest in the window")
    #expect(used.opened(5) == .fresh)
    #expect(used.opened(0xFFFF_FFFF) == .fresh)
    #expect(used.opened(2049) == .tooOld)
    #expect(used.opened(0xFFFF_FFFD) == .fresh)
    #expect(used.opened(0xFFFF_FFFF) == .used)
  }

  @Test(arguments: UInt64(0)..<20)
  func identifiersAgreeWithASet(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var used = UsedIdentifiers()
    var model: Set<UInt32> = []
    var highest: UInt32 = 0
    for _ in 0..<3000 {
      let reach: UInt32 = Bool.random(using: &random) ? 40 : 3000
      let ordinal = UInt32.random(
        in: (highest < reach ? 0 : highest - reach)...(highest + reach / 40), using: &random)
      let id = StreamID(rawValue: ordinal << 1 | 1)
      let expected: UsedIdentifiers.OnOpen =
        highest >= 1024 && ordinal <= highest - 1024 ? .tooOld : model.contains(ordinal) ? .used : .fresh
      #expect(used.opened(id) == expected)
      if expected == .fresh {
        model.insert(ordinal)
        highest = max(highest, ordinal)
      }
    }
  }
}

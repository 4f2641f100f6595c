/// Chance that repeats: SplitMix64 from the scenario's seed (Steele, Lea, Flood, OOPSLA 2014).
public struct Dice: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  /// The next 64 bits, for the standard library's `using:`.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// One of them; the array must not be empty.
  public mutating func pick<Element>(_ elements: [Element]) -> Element {
    precondition(!elements.isEmpty, "nothing to pick from: the array is empty")
    return elements[Int.random(in: elements.indices, using: &self)]
  }

  /// That many of them, each at most once, in any order.
  public mutating func pick<Element>(_ count: Int, of elements: [Element]) -> [Element] {
    Array(elements.shuffled(using: &self).prefix(max(0, count)))
  }

  /// An even draw between the two, in whole milliseconds.
  public mutating func duration(_ shortest: Duration, _ longest: Duration) -> Duration {
    let bounds = (Int64(shortest.inMs), Int64(longest.inMs))
    return .milliseconds(Int64.random(in: min(bounds.0, bounds.1)...max(bounds.0, bounds.1), using: &self))
  }

  /// True that often.
  public mutating func chance(percent: Double) -> Bool {
    Double.random(in: 0..<100, using: &self) < percent
  }
}

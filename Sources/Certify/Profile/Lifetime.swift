/// Lifetimes as a prober measures them: it looks at set times whether a mapping is still there.
package enum Lifetime {
  /// Far enough from whole seconds, which is what lifetimes in the laboratory are made of, that a busy
  /// machine does not matter.
  package static let looks: [Duration] = [0.5, 1.5, 2.5, 3.5, 4.5].map { .seconds($0) }
  /// For absolute ones, which need some life before.
  package static let absoluteLooks: [Duration] = [2.5, 3.5, 4.5, 5.5].map { .seconds($0) }

  /// Looks are half a second away from the ends of lifetimes. Whoever is later than this has seen nothing.
  package static let latenessMax = Duration.milliseconds(300)

  /// The first look that finds nothing; nil when all find it alive.
  package static func firstDead(_ lifetime: Duration, among looks: [Duration] = looks) -> Int? {
    looks.firstIndex { $0 >= lifetime }
  }

  package static func words(firstDead: Int?, among looks: [Duration] = looks) -> String {
    guard let firstDead else { return "over \(seconds(looks[looks.count - 1]))" }
    if firstDead == 0 { return "under \(seconds(looks[0]))" }
    return "\(seconds(looks[firstDead - 1])) to \(seconds(looks[firstDead]))"
  }

  private static func seconds(_ duration: Duration) -> String {
    let tenths = duration / .milliseconds(100)
    return "\(Int(tenths) / 10).\(Int(tenths) % 10) s"
  }

  /// When a mapping of an idle lifetime between two looks is nudged and when it is looked at again, so that
  /// it lives only if the nudge has refreshed it. Nil where the looks are too close to its beginning or its
  /// end is unknown.
  package static func nudge(firstDead: Int?) -> (at: Duration, look: Duration)? {
    guard let firstDead, firstDead >= 2 else { return nil }
    return (looks[firstDead - 1] - .milliseconds(200), looks[firstDead] + .milliseconds(300))
  }

  /// All that ``nudge(firstDead:)`` may ask for.
  static let nudgeable = 2..<looks.count
}

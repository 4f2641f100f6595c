/// Text from strangers, made harmless to show: for a terminal, a log, any single line.
///
/// What is shown is never obeyed and hides nothing: no control character, no turning of the direction, no
/// letters without a shape, no pile of accents that reaches into the lines around. People's own writing stays
/// as it is: emoji with their joiners, Persian and Indic joiners, right-to-left scripts, Vietnamese accents.
package enum Text {
  package enum Lines: Hashable, Sendable {
    /// As LF, in whatever form they came.
    case kept
    /// As single spaces: one line in, one line out.
    case joined
  }

  /// Marks on one letter. Vietnamese needs two, Hebrew with all its points three or four.
  static let marksMax = 4

  /// `text`, harmless. The same again for what is harmless already.
  package static func safe(_ text: String, lines: Lines = .kept) -> String {
    var cleaner = Cleaner(lines: lines)
    for scalar in text.unicodeScalars { cleaner.take(scalar) }
    return String(cleaner.shown)
  }

  /// `text`, harmless, on one line and of at most `bytesMax` bytes in UTF-8; what is longer ends in `…`.
  package static func line(_ text: String, bytesMax: Int) -> String {
    // Cleaning makes at most twelve bytes of one, and most often fewer: no need to clean megabytes.
    let whole = safe(String(text.unicodeScalars.prefix(8 * bytesMax + 64)), lines: .joined)
    guard whole.utf8.count > bytesMax else { return whole }
    var shown = ""
    var bytes = "…".utf8.count
    for character in whole {
      bytes += character.utf8.count
      guard bytes <= bytesMax else { break }
      shown.append(character)
    }
    return bytesMax < "…".utf8.count ? "" : shown + "…"
  }
}

/// Goes through a text once.
private struct Cleaner {
  let lines: Text.Lines
  var shown = String.UnicodeScalarView()
  /// What the last scalar that is seen was.
  private var last = Kind.space
  private var marks = 0
  private var hasSelector = false
  /// A joiner that counts only if something follows that it can join.
  private var joiner: Unicode.Scalar?
  private var wasReturn = false

  init(lines: Text.Lines) {
    self.lines = lines
  }

  fileprivate enum Kind: Hashable {
    case visible, mark, selector, joiner
    case space, tab, newline
    /// Obeyed by a terminal, or turns text around. Shown as what it is: a wrong character.
    case harmful
    /// Neither seen nor needed.
    case hidden
  }

  mutating func take(_ scalar: Unicode.Scalar) {
    let kind = Kind(scalar)
    // CR LF is one line's end.
    let isSecondHalf = wasReturn && scalar == "\n"
    wasReturn = scalar == "\r"
    switch kind {
    case .newline: if !isSecondHalf { show(lines == .kept ? "\n" : " ", .space) }
    case .tab: for _ in 0..<4 { show(" ", .space) }
    case .space: show(scalar, .space)
    case .visible:
      if let joiner, last != .space { shown.append(joiner) }
      show(scalar, .visible)
    case .harmful: show("\u{FFFD}", .visible)
    case .mark: mark(scalar)
    case .selector:
      guard last == .visible, !hasSelector, marks == 0, joiner == nil else { return }
      hasSelector = true
      shown.append(scalar)
    case .joiner: if last == .visible, joiner == nil { joiner = scalar }
    case .hidden: break
    }
  }

  private mutating func show(_ scalar: Unicode.Scalar, _ kind: Kind) {
    shown.append(scalar)
    last = kind
    marks = 0
    hasSelector = false
    joiner = nil
  }

  private mutating func mark(_ scalar: Unicode.Scalar) {
    // An accent on nothing would sit on what stands before the text.
    if last == .space { show("\u{25CC}", .visible) }
    guard marks < Text.marksMax else { return }
    if let joiner, marks == 0 { shown.append(joiner) }
    joiner = nil
    marks += 1
    shown.append(scalar)
  }
}

extension Cleaner.Kind {
  fileprivate init(_ scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x09: self = .tab
    // LF, VT, FF, CR, NEL, line and paragraph separator.
    case 0x0A...0x0D, 0x85, 0x2028, 0x2029: self = .newline
    case 0x20...0x7E: self = scalar == " " ? .space : .visible
    // Embeddings, overrides and isolates.
    case 0x202A...0x202E, 0x2066...0x2069: self = .harmful
    case 0x200C, 0x200D: self = .joiner
    case 0xFE00...0xFE0F: self = .selector
    // Interlinear annotation, and the braille pattern without a dot.
    case 0xFFF9...0xFFFB: self = .hidden
    case 0x2800: self = .space
    default: self = Self(properties: scalar.properties)
    }
  }

  private init(properties: Unicode.Scalar.Properties) {
    if properties.isNoncharacterCodePoint {
      self = .harmful
    } else if properties.isDefaultIgnorableCodePoint {
      self = .hidden
    } else {
      switch properties.generalCategory {
      case .control, .surrogate: self = .harmful
      case .nonspacingMark, .enclosingMark, .spacingMark: self = .mark
      case .spaceSeparator: self = .space
      default: self = .visible
      }
    }
  }
}

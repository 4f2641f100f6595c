import CNcurses

/// Keys out of what ncurses reads: Esc before a key is Alt, and what is pasted comes as a whole.
struct CursesKeys {
  enum Taken {
    case key(Key)
    /// Not complete yet.
    case more
  }

  /// Function keys that ncurses has no name for. Its own end at 0777.
  private enum Own: CInt, CaseIterable {
    case pasteStart = 0o2000, pasteEnd, altUp, altDown, wordLeft, wordRight

    var sequences: [String] {
      switch self {
      case .pasteStart: ["\u{1B}[200~"]
      case .pasteEnd: ["\u{1B}[201~"]
      case .altUp: ["\u{1B}[1;3A"]
      case .altDown: ["\u{1B}[1;3B"]
      case .wordLeft: ["\u{1B}[1;5D", "\u{1B}[1;3D", "\u{1B}Od"]
      case .wordRight: ["\u{1B}[1;5C", "\u{1B}[1;3C", "\u{1B}Oc"]
      }
    }
  }

  /// Tells ncurses of them. After `newterm`.
  static func define() {
    for key in Own.allCases {
      for sequence in key.sequences { define_key(sequence, key.rawValue) }
    }
  }

  /// Pasting more than a message may be long is pointless; the rest is dropped.
  private static let pasteScalarsMax = LineEditor.bytesMax + 1

  private var isEscaped = false
  private var pasted: String.UnicodeScalarView?

  mutating func take(_ code: wint_t, isFunctionKey: Bool) -> Taken {
    if isFunctionKey { return take(function: CInt(bitPattern: code)) }
    guard let scalar = Unicode.Scalar(code) else { return .more }
    if pasted != nil {
      if pasted?.count ?? 0 < Self.pasteScalarsMax { pasted?.append(scalar) }
      return .more
    }
    if scalar == "\u{1B}", !isEscaped {
      isEscaped = true
      return .more
    }
    defer { isEscaped = false }
    return .key(isEscaped ? Self.escaped(scalar) : Self.plain(scalar))
  }

  /// Nothing follows for now: Esc was Esc.
  mutating func finish() -> Key? {
    defer { isEscaped = false }
    return isEscaped ? .escape : nil
  }

  private mutating func take(function code: CInt) -> Taken {
    if let own = Own(rawValue: code) { return take(own) }
    defer { isEscaped = false }
    guard pasted == nil else { return .more }
    switch code {
    case KEY_UP: return .key(isEscaped ? .altUp : .up)
    case KEY_DOWN: return .key(isEscaped ? .altDown : .down)
    case KEY_LEFT: return .key(isEscaped ? .wordLeft : .left)
    case KEY_RIGHT: return .key(isEscaped ? .wordRight : .right)
    case KEY_HOME: return .key(.home)
    case KEY_END: return .key(.end)
    case KEY_PPAGE: return .key(.pageUp)
    case KEY_NPAGE: return .key(.pageDown)
    case KEY_BACKSPACE: return .key(isEscaped ? .control("w") : .backspace)
    case KEY_DC: return .key(.delete)
    case KEY_ENTER: return .key(.enter)
    case KEY_BTAB: return .key(.backTab)
    default: return .more
    }
  }

  private mutating func take(_ own: Own) -> Taken {
    isEscaped = false
    switch own {
    case .pasteStart: pasted = pasted ?? .init()
    case .pasteEnd:
      guard let text = pasted else { return .more }
      pasted = nil
      return .key(.paste(String(text)))
    case .altUp: if pasted == nil { return .key(.altUp) }
    case .altDown: if pasted == nil { return .key(.altDown) }
    case .wordLeft: if pasted == nil { return .key(.wordLeft) }
    case .wordRight: if pasted == nil { return .key(.wordRight) }
    }
    return .more
  }

  private static func plain(_ scalar: Unicode.Scalar) -> Key {
    switch scalar {
    case "\r", "\n": .enter
    case "\t": .tab
    case "\u{8}", "\u{7F}": .backspace
    case "\u{1B}": .escape
    case "\u{1}"..."\u{1A}": .control(Character(Unicode.Scalar(UInt8(scalar.value) + 0x60)))
    case "\u{0}"..."\u{1F}": .escape
    default: .text(String(scalar))
    }
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> Key {
    switch scalar {
    case "\r", "\n": .alt("\n")
    case "\u{8}", "\u{7F}": .control("w")
    case "\u{0}"..."\u{1F}": plain(scalar)
    default: .alt(Character(scalar))
    }
  }
}

import CNcurses
import Glibc

/// The terminal, through ncurses: shows canvases, reads keys. Only one thread may have one, and a process
/// only one at a time.
struct CursesScreen: ~Copyable {
  /// Long enough for the rest of an escape sequence over a slow line.
  private static let escapeDelayMs: CInt = 50

  private let screen: OpaquePointer
  private let window: UnsafeMutablePointer<WINDOW>
  private let hasColours: Bool
  /// Whether the terminal takes UTF-8.
  let isUnicode: Bool
  private var keys = CursesKeys()

  /// Nil when ncurses does not know the terminal.
  ///
  /// - Parameter colours: not for those who asked for none.
  static func open(colours: Bool) -> CursesScreen? {
    let isUnicode = chooseLocale()
    CrashGuard.remember()
    guard let screen = curses_start() else { return nil }
    guard let window = newwin(0, 0, 0, 0) else {
      endwin()
      delscreen(screen)
      return nil
    }
    return CursesScreen(screen, window, colours: colours, isUnicode: isUnicode)
  }

  private init(
    _ screen: OpaquePointer, _ window: UnsafeMutablePointer<WINDOW>, colours: Bool, isUnicode: Bool
  ) {
    self.screen = screen
    self.window = window
    self.isUnicode = isUnicode
    // Every key as it is: also Ctrl-C, Ctrl-S and Ctrl-Z.
    raw()
    noecho()
    nonl()
    set_escdelay(Self.escapeDelayMs)
    keypad(window, true)
    nodelay(window, true)
    hasColours = colours && has_colors() && start_color() == OK && use_default_colors() == OK
    if hasColours { Palette.define() }
    CursesKeys.define()
    Self.write("\u{1B}[?2004h")
    CrashGuard.arm()
  }

  deinit {
    CrashGuard.disarm()
    Self.write("\u{1B}[?2004l")
    delwin(window)
    endwin()
    delscreen(screen)
  }

  /// True for UTF-8. Letters are counted by it in any case; without it, only ASCII is shown.
  private static func chooseLocale() -> Bool {
    setlocale(LC_CTYPE, "")
    // Where nobody chose a locale, nobody said that the terminal is not one of today's.
    let variables: [String] = ["LC_ALL", "LC_CTYPE", "LANG"]
    let isChosen = variables.contains { getenv($0).map { $0.pointee != 0 } ?? false }
    let isUnicode = !isChosen || String(cString: nl_langinfo(CInt(CODESET))) == "UTF-8"
    if String(cString: nl_langinfo(CInt(CODESET))) != "UTF-8" { setlocale(LC_CTYPE, "C.UTF-8") }
    return isUnicode
  }

  private static func write(_ sequence: String) {
    let bytes = Array(sequence.utf8)
    _ = Glibc.write(STDOUT_FILENO, bytes, bytes.count)
  }

  // MARK: Size

  /// The terminal's size, taken over by ncurses.
  func takeSize() -> (columns: Int, rows: Int) {
    var size = winsize()
    if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 {
      let (rows, columns) = (CInt(size.ws_row), CInt(size.ws_col))
      if is_term_resized(rows, columns) { resizeterm(rows, columns) }
      wresize(window, rows, columns)
    }
    return (Int(getmaxx(window)), Int(getmaxy(window)))
  }

  // MARK: Output

  func show(_ canvas: Canvas) {
    werase(window)
    for row in 0..<canvas.rows {
      for column in 0..<canvas.columns {
        let cell = canvas[row, column]
        guard let glyph = cell.glyph, cell != Self.blank else { continue }
        let (attributes, pair) = Palette.look(of: cell.style, hasColours: hasColours)
        let text = letters(of: glyph).map { wchar_t(bitPattern: $0.value) } + [0]
        _ = curses_put(window, CInt(row), CInt(column), text, attributes, pair)
      }
    }
    if let cursor = canvas.cursor { wmove(window, CInt(cursor.row), CInt(cursor.column)) }
    wrefresh(window)
  }

  private static let blank = Canvas.Cell(glyph: .space, style: .text)

  private func letters(of glyph: Glyph) -> [Unicode.Scalar] {
    if isUnicode || glyph.text.utf8.allSatisfy({ $0 < 0x80 }) { return Array(glyph.text.unicodeScalars) }
    return ["?"]
  }

  /// Everything anew at the next ``show(_:)``, for when something else wrote on the terminal.
  func redraw() { clearok(window, true) }

  // MARK: Input

  /// The next key, if one is there.
  mutating func nextKey() -> Key? {
    while true {
      var code: wint_t = 0
      let kind = wget_wch(window, &code)
      if kind == ERR { return keys.finish() }
      switch keys.take(code, isFunctionKey: kind == KEY_CODE_YES) {
      case .key(let key): return key
      case .more: continue
      }
    }
  }
}

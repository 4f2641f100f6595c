import CNcurses

/// How styles look.
enum Palette {
  /// Authors: colours that can be read on black and on white.
  private static let many: [CShort] = [166, 71, 68, 170, 37, 136, 162, 35, 99, 173, 31, 107]
  private static let few: [CShort] = [2, 3, 4, 5, 6, 1]

  private static let ownPair: CShort = 1
  private static let unreadPair: CShort = 2
  private static let warningPair: CShort = 3
  private static let firstAuthorPair: CShort = 4

  /// Once the terminal has said how many colours it has.
  static func define() {
    let standard: CShort = -1
    init_pair(ownPair, CShort(COLOR_GREEN), standard)
    init_pair(unreadPair, CShort(COLOR_YELLOW), standard)
    init_pair(warningPair, CShort(COLOR_RED), standard)
    let colours = curses_colours() >= 256 ? many : few
    for index in 0..<Int(Style.authorColours) {
      init_pair(firstAuthorPair + CShort(index), colours[index % colours.count], standard)
    }
  }

  static func look(of style: Style, hasColours: Bool) -> (attributes: attr_t, pair: CShort) {
    let pair: CShort
    let attributes: attr_t
    switch style {
    case .text: (attributes, pair) = (0, 0)
    case .bar: (attributes, pair) = (curses_reverse(), 0)
    case .quiet: (attributes, pair) = (curses_dim(), 0)
    case .author(let colour):
      (attributes, pair) = (curses_bold(), firstAuthorPair + CShort(colour % Style.authorColours))
    case .own: (attributes, pair) = (curses_bold(), ownPair)
    case .unread: (attributes, pair) = (curses_bold(), unreadPair)
    case .warning: (attributes, pair) = (curses_bold(), warningPair)
    case .selected: (attributes, pair) = (curses_reverse() | curses_bold(), 0)
    }
    return (attributes, hasColours ? pair : 0)
  }
}

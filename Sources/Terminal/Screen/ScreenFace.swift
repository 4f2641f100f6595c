import Dispatch
import Glibc
package import Meshwork

/// A chat on the whole terminal.
package struct ScreenFace: Sendable {
  private let colours: Bool
  private let stamp: ChatModel.Stamp

  package init(colours: Bool, stamp: @escaping ChatModel.Stamp) {
    self.colours = colours
    self.stamp = stamp
  }

  /// Whether the standard streams are a terminal that can be drawn on.
  package static func isPossible(environment: [String: String]) -> Bool {
    let terminal = environment["TERM"] ?? ""
    return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && !["", "dumb"].contains(terminal)
  }

  /// Returns when the person, the terminal or the node has ended; false at once when ncurses does not know
  /// the terminal.
  package func run<Backend>(_ session: ChatSession<Backend>, own: PeerID) -> Bool {
    // A terminal that goes away is the end of its input.
    signal(SIGHUP, SIG_IGN)
    let resizes = DispatchSource.makeSignalSource(signal: SIGWINCH, queue: .global())
    resizes.setEventHandler { session.inbox.wake() }
    resizes.resume()
    defer { resizes.cancel() }
    guard var screen = CursesScreen.open(colours: colours) else { return false }
    var model = ChatModel(own: own, signs: screen.isUnicode ? .unicode : .ascii, stamp: stamp)
    var size = (columns: 0, rows: 0)
    while true {
      let newSize = screen.takeSize()
      if newSize != size { model.resize(columns: newSize.columns, rows: newSize.rows) }
      size = newSize
      while let action = model.nextAction() {
        switch action {
        case .quit: return true
        case .redraw: screen.redraw()
        default: session.ask(action)
        }
      }
      screen.show(model.canvas)
      let input = Waiting.wait(input: STDIN_FILENO, inbox: session.inbox)
      if input == .closed { return true }
      var hasKey = false
      while let key = screen.nextKey() {
        hasKey = true
        model.press(key, at: Waiting.nowMs)
      }
      if input == .readable, !hasKey, isGone { return true }
      for news in session.inbox.drain() { model.receive(news, at: Waiting.nowMs) }
    }
  }

  private var isGone: Bool {
    var settings = termios()
    return tcgetattr(STDIN_FILENO, &settings) != 0
  }
}

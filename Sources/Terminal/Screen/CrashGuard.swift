import Glibc

/// Gives a crashing process's terminal back the way it was. An ordinary end goes through ncurses.
enum CrashGuard {
  private static let signals = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV]
  /// No pasting marks, the ordinary screen, a visible cursor, plain letters.
  private static let sequence: StaticString = "\u{1B}[?2004l\u{1B}[?1049l\u{1B}[?25h\u{1B}[0m\r\n"

  // Written before the handler is there, and only read by it.
  private nonisolated(unsafe) static var settings = termios()

  /// Before anything is changed.
  static func remember() { tcgetattr(STDIN_FILENO, &settings) }

  static func arm() {
    for number in signals {
      signal(number) { number in
        // Nothing here but what a signal handler may call.
        _ = Glibc.write(STDOUT_FILENO, CrashGuard.sequence.utf8Start, CrashGuard.sequence.utf8CodeUnitCount)
        tcsetattr(STDIN_FILENO, TCSANOW, &CrashGuard.settings)
        signal(number, SIG_DFL)
        raise(number)
      }
    }
  }

  static func disarm() { for number in signals { signal(number, SIG_DFL) } }
}

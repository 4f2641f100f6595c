import Chat

/// Text of strangers made harmless to show, on a terminal or in a log: no character in it is obeyed, turns
/// the line around, or is unseen. People's own writing stays as it is.
public enum SafeText {
  /// With its lines.
  public static func lines(_ text: String) -> String { Text.safe(text) }

  /// On one line.
  public static func line(_ text: String) -> String { Text.safe(text, lines: .joined) }

  /// On one line of at most so many bytes in UTF-8.
  public static func line(_ text: String, bytesMax: Int) -> String { Text.line(text, bytesMax: bytesMax) }
}

/// What a person did at the keyboard.
package enum Key: Hashable, Sendable {
  /// Typed: a letter, or a part of one that comes in several.
  case text(String)
  /// Pasted as a whole, whatever is in it.
  case paste(String)
  case enter, tab, backTab, backspace, delete, escape
  case up, down, left, right, home, end, pageUp, pageDown
  case wordLeft, wordRight, altUp, altDown
  /// With Ctrl, as a small letter.
  case control(Character)
  /// With Alt, or after Esc.
  case alt(Character)
}

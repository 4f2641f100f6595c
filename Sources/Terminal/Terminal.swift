// A conversation with a terminal: rooms and direct messages of one node, for one person.
//
// `ChatModel` decides everything and touches nothing: keys, news of the node and the size of the screen go
// in, a `Canvas` of styled letters and `Action`s for the node come out. `PlainModel` is the same for a
// terminal that is only a pipe. Neither knows a clock, a file descriptor or a task.
//
// Around them: `ChatSession` carries actions to the node and news back, `CursesScreen` shows canvases and
// reads keys through ncurses, `ScreenFace` and `PlainFace` wait for either side to say something.
//
// Invariants:
// - What others wrote passes `SafeText` before it becomes letters of a canvas or a line, and `Glyph` lets no
//   control character through, whoever wrote it.
// - A letter takes as many columns as all terminals agree on. What they do not agree on (joined emoji, skin
//   tones, coloured variants of symbols) is shown in the plain form that they do.
// - Whatever size the terminal has, drawing ends and stays inside.
//
// Reading order: Text (Glyph, Wrapping, Canvas, Style), Input (Key, LineEditor, Command, Completion), Model
// (News, Action, Roster, Timeline, ChatModel), Plain, Session, Screen.

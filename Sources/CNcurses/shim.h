// ncurses with wide characters, and in functions what it has in macros and global variables.
#ifndef MESHWORK_CNCURSES_H
#define MESHWORK_CNCURSES_H

#ifndef NCURSES_WIDECHAR
#define NCURSES_WIDECHAR 1
#endif
#include <curses.h>

/// On standard output and input. Null for a terminal that ncurses does not know.
static inline SCREEN *curses_start(void) { return newterm(0, stdout, stdin); }

static inline int curses_colours(void) { return COLORS; }
static inline attr_t curses_bold(void) { return A_BOLD; }
static inline attr_t curses_dim(void) { return A_DIM; }
static inline attr_t curses_reverse(void) { return A_REVERSE; }

// Hidden by <wchar.h> unless the whole program asks for X/Open.
extern int wcwidth(wchar_t letter);
/// How many columns ncurses reckons with.
static inline int curses_columns(wchar_t letter) { return wcwidth(letter); }

/// One letter with its marks, ended by a zero. What does not fit is cut off by ncurses.
static inline int curses_put(
    WINDOW *window, int row, int column, const wchar_t *text, attr_t attributes, short pair) {
  cchar_t cell;
  if (setcchar(&cell, text, attributes, pair, 0) == ERR) return ERR;
  return mvwadd_wch(window, row, column, &cell);
}

#endif

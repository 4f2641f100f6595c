#ifndef CLINUX_INTERNAL_H
#define CLINUX_INTERNAL_H

#include <errno.h>
#include <signal.h>

static inline int result(long value) { return value < 0 ? -errno : (int)value; }

/// Signals that ask for an end.
static inline void ending_signals(sigset_t *set) {
  sigemptyset(set);
  sigaddset(set, SIGINT);
  sigaddset(set, SIGTERM);
  sigaddset(set, SIGHUP);
}

/// Default handlers and nothing blocked: what a program expects when it starts.
static inline void default_signals(void) {
  for (int number = 1; number < NSIG; number++) {
    if (number != SIGKILL && number != SIGSTOP) signal(number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, 0);
}

#endif

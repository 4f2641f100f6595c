#define _GNU_SOURCE
#include "CLinux.h"
#include "clinux_internal.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

_Static_assert(linux_readable == EPOLLIN && linux_writable == EPOLLOUT, "our names for the kernel's bits");
_Static_assert(linux_error == EPOLLERR && linux_hangup == EPOLLHUP, "our names for the kernel's bits");

int linux_epoll_create(void) { return result(epoll_create1(EPOLL_CLOEXEC)); }

static int control(int epoll, int operation, int fd, uint32_t events, uint64_t tag) {
  struct epoll_event event = {.events = events, .data = {.u64 = tag}};
  return result(epoll_ctl(epoll, operation, fd, &event));
}

int linux_epoll_add(int epoll, int fd, uint32_t events, uint64_t tag) {
  return control(epoll, EPOLL_CTL_ADD, fd, events, tag);
}

int linux_epoll_modify(int epoll, int fd, uint32_t events, uint64_t tag) {
  return control(epoll, EPOLL_CTL_MOD, fd, events, tag);
}

int linux_epoll_remove(int epoll, int fd) { return control(epoll, EPOLL_CTL_DEL, fd, 0, 0); }

int linux_epoll_wait(int epoll, struct linux_ready *ready, int count, int milliseconds) {
  struct epoll_event events[256];
  if (count > 256) count = 256;
  int found = epoll_wait(epoll, events, count, milliseconds);
  if (found < 0) return errno == EINTR ? 0 : -errno;
  for (int index = 0; index < found; index++) {
    ready[index].tag = events[index].data.u64;
    ready[index].events = events[index].events;
  }
  return found;
}

int linux_timer_create(void) { return result(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)); }

int linux_timer_arm(int fd, uint64_t nanoseconds) {
  struct itimerspec when = {
    .it_value = {.tv_sec = (time_t)(nanoseconds / 1000000000), .tv_nsec = (long)(nanoseconds % 1000000000)}};
  return result(timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, 0));
}

int linux_event_create(void) { return result(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

int linux_signals_open(void) {
  sigset_t set;
  ending_signals(&set);
  int code = pthread_sigmask(SIG_BLOCK, &set, 0);
  if (code != 0) return -code;
  return result(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

int linux_signals_read(int fd, int *from_terminal) {
  struct signalfd_siginfo info;
  if (read(fd, &info, sizeof info) != sizeof info) return 0;
  *from_terminal = info.ssi_code == SI_KERNEL;
  return (int)info.ssi_signo;
}

uint64_t linux_monotonic_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

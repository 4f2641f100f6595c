// What the laboratory asks of Linux and Swift cannot call by itself: variadic calls, calls without a wrapper
// in the C library, and what must happen between fork and exec.
//
// Every function returns a negative errno on failure, and nothing here keeps state.

#ifndef CLINUX_H
#define CLINUX_H

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <sys/types.h>

// ---- Namespaces

/// Starts `path` as the only child of a small init in new user, mount, pid, network, IPC and UTS namespaces,
/// and returns that init's pid. It waits for one byte from the pipe `go` (so that its user map can be
/// written first) and ends if it reads none. The init is killed when the calling thread ends; with it ends
/// all that is inside. It reaps orphans, forwards signals that came from outside, and ends as its child ends
/// (128 + n for signal n). A failing exec is written to `report` as an int.
int linux_sandbox(const char *path, char *const *arguments, char *const *environment, const int *go,
                  int report);

/// Whether the calling user may create such namespaces: 0, or a negative errno. Leaves nothing behind.
int linux_try_namespaces(void);

/// Moves the calling thread into new network, mount and UTS namespaces of its own.
int linux_unshare_host(void);

/// Makes every mount of this mount namespace private, so that what is mounted later stays inside.
int linux_mounts_private(void);
int linux_mount(const char *source, const char *target, const char *type, const char *options);
int linux_mount_bind(const char *source, const char *target);
int linux_unmount(const char *target);
int linux_set_host_name(const char *name);

// ---- Processes

struct linux_spawn {
  const char *path;
  char *const *arguments;
  char *const *environment;
  const char *directory;  // or NULL for the caller's
  int input;              // become descriptors 0, 1 and 2
  int output;
  int error;
  int nice;               // added to the caller's
  int open_files;         // soft limit on descriptors, within the hard one
  int own_session;        // 0 leaves it on the caller's terminal
};

/// Starts a process in the calling thread's namespaces, with no descriptors but 0, 1
/// and 2, default signals, normal scheduling, and SIGKILL when the calling thread ends. Returns its pid.
int linux_spawn(const struct linux_spawn *what);

/// Both ends, for reading and for writing, not inherited by what is started.
int linux_pipe(int *ends);

int linux_pidfd_open(int pid);
/// Reaps: 0 while it runs; otherwise 1 and the exit status, 2 and the signal.
int linux_reap(int pid, int *status);

// ---- Scheduling and limits

/// A process of one thread, or the calling thread (0), becomes SCHED_FIFO of that priority, and so do the
/// threads and processes it starts. Privilege in a user namespace is none here: a sandbox gets it from
/// outside.
int linux_schedule_fifo(int pid, int priority);
/// Whether the calling user may do that: 0, or a negative errno.
int linux_try_fifo(int priority);
int linux_schedule_ordinary(void);
/// Whether the calling thread is SCHED_FIFO.
int linux_is_fifo(void);
int linux_nice_thread(int nice);
/// Raises the soft limit on descriptors to the hard one, which is returned.
int linux_raise_open_files(void);
void linux_name_thread(const char *name);

// ---- TUN

/// A TUN device of that name in the calling thread's network namespace: bare IP packets, no extra header. It
/// lives as long as the descriptor that is returned, which does not block.
int linux_tun_open(const char *name);

// ---- Netlink

int linux_netlink_open(void);
int linux_netlink_send(int fd, const void *bytes, int count);

// ---- Events

enum { linux_readable = 1, linux_writable = 4, linux_error = 8, linux_hangup = 16 };

struct linux_ready {
  uint64_t tag;
  uint32_t events;
};

int linux_epoll_create(void);
int linux_epoll_add(int epoll, int fd, uint32_t events, uint64_t tag);
int linux_epoll_modify(int epoll, int fd, uint32_t events, uint64_t tag);
int linux_epoll_remove(int epoll, int fd);
/// `milliseconds` -1 waits without end. Returns how many are ready; 0 also when a signal came.
int linux_epoll_wait(int epoll, struct linux_ready *ready, int count, int milliseconds);

int linux_timer_create(void);
/// Fires at that time of CLOCK_MONOTONIC; 0 disarms.
int linux_timer_arm(int fd, uint64_t nanoseconds);
int linux_event_create(void);

/// A descriptor that is readable when one of SIGINT, SIGTERM and SIGHUP came, which are blocked from here on
/// in the calling thread and in those it starts.
int linux_signals_open(void);
/// The next signal, and in `from_terminal` whether the terminal sent it to the whole process group; 0 if
/// none.
int linux_signals_read(int fd, int *from_terminal);

uint64_t linux_monotonic_nanoseconds(void);

#endif

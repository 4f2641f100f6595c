#define _GNU_SOURCE
#include "CLinux.h"
#include "clinux_internal.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// In the child of a vfork: it borrows the parent's memory, so it calls only the kernel and changes nothing
// but `failure`, by which it tells why there was no exec.
static void become(const struct linux_spawn *what, pid_t parent, volatile int *failure) {
  int descriptors[3] = {what->input, what->output, what->error};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  if (what->own_session) setsid();
  // First out of the way of 0, 1 and 2, then onto them.
  for (int index = 0; index < 3; index++) {
    descriptors[index] = fcntl(descriptors[index], F_DUPFD, 3);
    if (descriptors[index] < 0) goto failed;
  }
  for (int index = 0; index < 3; index++) {
    if (dup2(descriptors[index], index) < 0) goto failed;
  }
  syscall(SYS_close_range, 3u, ~0u, 0u);
  if (what->directory && chdir(what->directory) < 0) goto failed;

  struct sched_param normal = {.sched_priority = 0};
  sched_setscheduler(0, SCHED_OTHER, &normal);
  setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + what->nice);
  struct rlimit limit = {0, 0};
  setrlimit(RLIMIT_RTPRIO, &limit);
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = (rlim_t)what->open_files < limit.rlim_max ? (rlim_t)what->open_files : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  default_signals();
  execve(what->path, what->arguments, what->environment);
failed:
  *failure = errno;
  _exit(127);
}

int linux_spawn(const struct linux_spawn *what) {
  // No handler of ours may run in the child while it borrows our memory.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  volatile int failure = 0;
  pid_t parent = getpid();
  // vfork, so that a large parent is not made to copy its page tables (and its fabric to fault) at every
  // start.
  pid_t pid = vfork();
  if (pid == 0) become(what, parent, &failure);
  int code = errno;
  pthread_sigmask(SIG_SETMASK, &before, 0);
  if (pid < 0) return -code;
  if (failure == 0) return pid;
  waitpid(pid, 0, 0);
  return -failure;
}

int linux_pipe(int *ends) { return result(pipe2(ends, O_CLOEXEC)); }

int linux_pidfd_open(int pid) { return result(syscall(SYS_pidfd_open, pid, 0)); }

int linux_reap(int pid, int *status) {
  int raw;
  pid_t ended = waitpid(pid, &raw, WNOHANG);
  if (ended <= 0) return result(ended);
  if (WIFSIGNALED(raw)) {
    *status = WTERMSIG(raw);
    return 2;
  }
  *status = WEXITSTATUS(raw);
  return 1;
}

int linux_schedule_fifo(int pid, int priority) {
  struct sched_param parameters = {.sched_priority = priority};
  return result(sched_setscheduler(pid, SCHED_FIFO, &parameters));
}

int linux_try_fifo(int priority) {
  pid_t pid = fork();
  if (pid == 0) _exit(-linux_schedule_fifo(0, priority));
  int raw;
  if (pid < 0 || waitpid(pid, &raw, 0) < 0) return -errno;
  return WIFEXITED(raw) ? -WEXITSTATUS(raw) : -EPERM;
}

int linux_schedule_ordinary(void) {
  struct sched_param parameters = {.sched_priority = 0};
  return result(sched_setscheduler(0, SCHED_OTHER, &parameters));
}

int linux_is_fifo(void) { return sched_getscheduler(0) == SCHED_FIFO; }

int linux_nice_thread(int nice) { return result(setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), nice)); }

int linux_raise_open_files(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  return limit.rlim_max > 0x7fffffff ? 0x7fffffff : (int)limit.rlim_max;
}

void linux_name_thread(const char *name) { prctl(PR_SET_NAME, name); }

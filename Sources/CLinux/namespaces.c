#define _GNU_SOURCE
#include "CLinux.h"
#include "clinux_internal.h"

#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const unsigned long sandbox_flags =
  CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

// Pid 1 of the sandbox. Its signals are blocked, so that they wait for it however little an init is sent by
// default. A signal from the terminal reaches the child by itself.
static void be_init(pid_t child, const sigset_t *watched) {
  prctl(PR_SET_NAME, "lab-init");
  linux_schedule_ordinary();
  syscall(SYS_close_range, 3u, ~0u, 0u);
  for (;;) {
    siginfo_t info;
    int number = sigwaitinfo(watched, &info);
    if (number < 0) continue;
    if (number != SIGCHLD) {
      if (info.si_code != SI_KERNEL) kill(child, number);
      continue;
    }
    int status;
    pid_t ended;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
      if (ended == child && WIFEXITED(status)) _exit(WEXITSTATUS(status));
      if (ended == child && WIFSIGNALED(status)) _exit(128 + WTERMSIG(status));
    }
  }
}

int linux_sandbox(const char *path, char *const *arguments, char *const *environment, const int *go,
                  int report) {
  // Not fork and unshare: only a child made with CLONE_NEWPID is itself pid 1. From here on the child may
  // have been forked from a process with threads, and calls nothing that takes a lock.
  long pid = syscall(SYS_clone, sandbox_flags | SIGCHLD, 0, 0, 0, 0);
  if (pid != 0) return result(pid);

  char byte;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  close(go[1]);
  if (read(go[0], &byte, 1) != 1) _exit(127);  // the parent ended before it could be watched, or gave up

  sigset_t watched;
  ending_signals(&watched);
  sigaddset(&watched, SIGCHLD);
  default_signals();
  sigprocmask(SIG_BLOCK, &watched, 0);
  // The library's fork would wait for locks that threads of the parent held, and that nobody holds here.
  pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) {
    default_signals();
    execve(path, arguments, environment);
    int code = errno;
    (void)!write(report, &code, sizeof code);
    _exit(127);
  }
  if (child < 0) {
    int code = errno;
    (void)!write(report, &code, sizeof code);
    _exit(127);
  }
  be_init(child, &watched);
  return 0;
}

int linux_try_namespaces(void) {
  long pid = syscall(SYS_clone, sandbox_flags | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) _exit(0);
  if (pid < 0) return -errno;
  waitpid((pid_t)pid, 0, 0);
  return 0;
}

int linux_unshare_host(void) { return result(unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS)); }

int linux_mounts_private(void) { return result(mount("none", "/", 0, MS_REC | MS_PRIVATE, 0)); }

int linux_mount(const char *source, const char *target, const char *type, const char *options) {
  return result(mount(source, target, type, MS_NOSUID | MS_NODEV | MS_NOEXEC, options));
}

int linux_mount_bind(const char *source, const char *target) {
  return result(mount(source, target, 0, MS_BIND, 0));
}

int linux_unmount(const char *target) { return result(umount2(target, MNT_DETACH)); }

int linux_set_host_name(const char *name) { return result(sethostname(name, strlen(name))); }

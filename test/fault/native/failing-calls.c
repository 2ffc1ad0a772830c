/*
 * Preloaded into a server, lets one of its calls on the files of its data directory fail:
 *
 *     FAIL_FILES=DIRECTORY  the calls on files in it are counted
 *     FAIL_END=TEXT         only on those whose names end so; may be empty
 *     FAIL_CALL=TEXT        only of calls whose names hold it; may be empty
 *     FAIL_ARMED=FILE       only from when this file is there; may be empty
 *     FAIL_AT=N             the N-th call fails
 *     FAIL_WITH=ERRNO
 *     FAIL_EVER=0|1         whether every later one fails too
 *     FAIL_REPORT=FILE      gets one line when the N-th call fails:
 *                           NAME PATH UNSYNCED NANOSECONDS (of the monotonic clock)
 *
 * UNSYNCED is how often the file was written to since it was last synced.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FILES 65536

static atomic_int unsynced[FILES];
static atomic_long calls;
static char files[PATH_MAX], ending[256], kind[64], armed[PATH_MAX], report[PATH_MAX];
static long at;
static int error, ever;

static void take(const char *name, char *to, size_t size) {
  const char *value = getenv(name);
  if (value) snprintf(to, size, "%s", value);
}

static long number(const char *name) {
  const char *value = getenv(name);
  return value ? atol(value) : 0;
}

__attribute__((constructor)) static void start(void) {
  take("FAIL_FILES", files, sizeof files);
  take("FAIL_END", ending, sizeof ending);
  take("FAIL_CALL", kind, sizeof kind);
  take("FAIL_ARMED", armed, sizeof armed);
  take("FAIL_REPORT", report, sizeof report);
  at = number("FAIL_AT");
  error = (int)number("FAIL_WITH");
  ever = (int)number("FAIL_EVER");
}

static int is_meant(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length < 0 || !*files) return 0;
  path[length] = 0;
  size_t end = strlen(ending);
  if (strncmp(path, files, strlen(files)) || (size_t)length < end) return 0;
  return !strcmp(path + length - end, ending);
}

static void tell(const char *name, const char *path, int fd) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  char line[PATH_MAX + 128];
  int length = snprintf(line, sizeof line, "%s %s %d %lld\n", name, path, unsynced[fd % FILES],
                        now.tv_sec * 1000000000LL + now.tv_nsec);
  int to = open(report, O_WRONLY | O_CREAT | O_APPEND, 0600);
  ssize_t (*write_)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
  if (to < 0 || write_(to, line, length) != length) abort();
  close(to);
}

static int fails(const char *name, int fd) {
  char path[PATH_MAX];
  int before = errno;
  int counts = strstr(name, kind) && is_meant(fd, path) && (!*armed || access(armed, F_OK) == 0);
  errno = before;
  if (!counts) return 0;
  long call = ++calls;
  if (call == at) tell(name, path, fd);
  if (call != at && !(ever && call > at)) return 0;
  errno = error;
  return 1;
}

static void wrote(int fd) { unsynced[fd % FILES]++; }
static void synced(int fd) { unsynced[fd % FILES] = 0; }

/* NAME with its PARAMETERS, the first of which is `fd`; when it went well, DONE is told. */
#define WRAP(TYPE, NAME, PARAMETERS, ARGUMENTS, DONE) \
  TYPE NAME PARAMETERS {                              \
    static TYPE(*real) PARAMETERS;                    \
    if (!real) real = dlsym(RTLD_NEXT, #NAME);        \
    if (fails(#NAME, fd)) return -1;                  \
    TYPE result = real ARGUMENTS;                     \
    if (result >= 0) DONE(fd);                        \
    return result;                                    \
  }

WRAP(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t to), (fd, data, size, to), wrote)
WRAP(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t to), (fd, data, size, to), wrote)
WRAP(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size), wrote)
WRAP(int, ftruncate64, (int fd, off64_t size), (fd, size), wrote)
WRAP(int, ftruncate, (int fd, off_t size), (fd, size), wrote)
WRAP(int, fdatasync, (int fd), (fd), synced)
WRAP(int, fsync, (int fd), (fd), synced)

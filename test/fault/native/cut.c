/*
 * Cuts the power of a file system under a running process:
 *
 *     cut PID MOUNTPOINT SHM [DATABASE]
 *
 * The process is frozen first: a system call that is still running would report success for data that the cut has
 * taken. With DATABASE it waits until that file is written to, which is what a checkpoint does.
 * SHM, the wal-index of SQLite, tells whether one is going on. Prints `checkpoint` when the cut fell into one, else `plain`.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* linux/ext4: shut the file system down without writing its journal. */
#define EXT4_IOC_SHUTDOWN _IOR('X', 125, uint32_t)
#define NO_LOG_FLUSH 2

/* Places in the wal-index (sqlite.org/walformat.html §2.1): frames that are in the database, and that were meant to be. */
#define BACKFILL 96
#define BACKFILL_ATTEMPTED 128

#define WRITE_LIMIT_MS 5000
#define FREEZE_LIMIT_MS 5000

static void fail(const char *what) {
  fprintf(stderr, "cut: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void await_write(const char *file) {
  int watch = inotify_init1(0);
  if (watch < 0 || inotify_add_watch(watch, file, IN_MODIFY) < 0) fail(file);
  struct pollfd event = {.fd = watch, .events = POLLIN};
  if (poll(&event, 1, WRITE_LIMIT_MS) < 0) fail("poll");
}

/* Whether a thread has come to rest: state T. The name in front of the state may hold anything but ends with ')'. */
static int rests(const char *tasks, const char *thread) {
  char path[400], line[512];
  snprintf(path, sizeof path, "%s/%s/stat", tasks, thread);
  FILE *file = fopen(path, "r");
  if (!file) return 1; /* it has ended */
  size_t length = fread(line, 1, sizeof line - 1, file);
  fclose(file);
  line[length] = 0;
  char *end = strrchr(line, ')');
  return end && end[1] == ' ' && end[2] == 'T';
}

static int all_rest(const char *tasks) {
  DIR *list = opendir(tasks);
  if (!list) fail(tasks);
  int rest = 1;
  for (struct dirent *entry; rest && (entry = readdir(list));)
    if (entry->d_name[0] != '.') rest = rests(tasks, entry->d_name);
  closedir(list);
  return rest;
}

static void freeze(pid_t pid) {
  char tasks[64];
  snprintf(tasks, sizeof tasks, "/proc/%d/task", pid);
  if (kill(pid, SIGSTOP) < 0) fail("SIGSTOP");
  for (int i = 0; i < FREEZE_LIMIT_MS; i++) {
    if (all_rest(tasks)) return;
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
  errno = ETIMEDOUT;
  fail("the process does not come to rest");
}

/* A checkpoint says first how far it means to come, and how far it came when that is durable. */
static int in_checkpoint(const char *shm) {
  uint32_t header[BACKFILL_ATTEMPTED / 4 + 1];
  int file = open(shm, O_RDONLY);
  if (file < 0 || read(file, header, sizeof header) != sizeof header) fail(shm);
  close(file);
  return header[BACKFILL_ATTEMPTED / 4] > header[BACKFILL / 4];
}

int main(int argc, char **argv) {
  if (argc != 4 && argc != 5) {
    fprintf(stderr, "usage: cut PID MOUNTPOINT SHM [DATABASE]\n");
    return 64;
  }
  int mount = open(argv[2], O_RDONLY | O_DIRECTORY);
  if (mount < 0) fail(argv[2]);
  if (argc == 5) await_write(argv[4]);
  freeze(atoi(argv[1]));
  puts(in_checkpoint(argv[3]) ? "checkpoint" : "plain");
  uint32_t how = NO_LOG_FLUSH;
  if (ioctl(mount, EXT4_IOC_SHUTDOWN, &how) < 0) fail("EXT4_IOC_SHUTDOWN");
  return 0;
}

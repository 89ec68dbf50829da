/*
 * Preloaded into a daemon: fsync and fdatasync of files whose path contains $HELD_SYNC_OF wait while somebody holds a lock on the file $HELD_SYNC_GATE.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static void pass(int fd)
{
    const char *wanted = getenv("HELD_SYNC_OF"), *gate = getenv("HELD_SYNC_GATE");
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (!wanted || !gate || length < 0) return;
    path[length] = 0;
    if (!strstr(path, wanted)) return;
    int lock = open(gate, O_RDONLY | O_CLOEXEC);
    if (lock < 0) return;
    while (flock(lock, LOCK_SH) < 0 && errno == EINTR) { }
    close(lock);
}

int fsync(int fd)
{
    pass(fd);
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}

int fdatasync(int fd)
{
    pass(fd);
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}

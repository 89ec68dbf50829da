/* What one host sees of the stores of another. */
#include "work.h"
#include <limits.h>
#include <sched.h>
#include <sys/mman.h>

#define PATIENCE 30.0 /* seconds, for the other process and for a stale answer to end */
#define ENOUGH 40.0 /* seconds of tries, where stale answers stay long */

void tell(const char *path, long rounds) {
    for (long i = 0; i < rounds; i++) {
        double begin = now();
        put(path, O_CREAT | O_TRUNC, &begin, sizeof begin, 0);
        usleep(5000);
    }
    double last = -1;
    put(path, O_CREAT | O_TRUNC, &last, sizeof last, 0);
}

void hear(const char *path) {
    double last = 0, seen = 0;
    while (last >= 0) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) continue;
        ssize_t count = read(fd, &seen, sizeof seen);
        close(fd);
        if (count != sizeof seen || seen == last) continue; /* cut to nothing, or not new yet */
        if (last != 0 && seen > 0) printf("%.0f\n", (now() - seen) * 1e6);
        last = seen;
    }
}

/* Where the two tell each other how far they are, on the local disk: the file system that is watched has no part in it. */
struct board { volatile long looked, stored; };

static struct board *open_board(const char *path) {
    int fd = must(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644), path);
    must(ftruncate(fd, sizeof(struct board)), path);
    struct board *board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (board == MAP_FAILED) die(path);
    return board;
}

static void await(volatile long *number, long least) {
    for (double end = now() + PATIENCE; *number < least; sched_yield())
        if (now() > end) errno = ETIMEDOUT, die("the other process does not answer");
}

/* The I-th state of the file: what is written, how long it is, or that its name is there. */
static void store(const char *directory, const char *way, long i) {
    char path[4096], made[4096];
    name(path, directory, "f", strcmp(way, "create") ? 0 : i);
    if (!strcmp(way, "rename")) {
        name(made, directory, "new", 0);
        put(made, O_CREAT | O_TRUNC, &i, sizeof i, 0);
        must(rename(made, path), path);
    } else if (!strcmp(way, "grow")) put(path, O_CREAT | O_APPEND, &i, sizeof i, 0);
    else put(path, O_CREAT | O_TRUNC, &i, sizeof i, 0);
}

/* The state that an open and a read show; of a name that is looked for in vain: -1. */
static long look(const char *directory, const char *way, long i) {
    long states[4096];
    char path[4096];
    name(path, directory, "f", strcmp(way, "create") ? 0 : i);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? -1 : (die(path), 0);
    ssize_t count = must(read(fd, states, sizeof states), path);
    close(fd);
    if (count < (ssize_t)sizeof *states) return -1;
    return strcmp(way, "grow") ? states[0] : states[count / sizeof *states - 1];
}

void stale_store(const char *directory, const char *way, long tries, const char *path) {
    struct board *board = open_board(path);
    if (strcmp(way, "create")) store(directory, way, 0);
    board->stored = 1;
    for (long i = 1; i <= tries; i++) {
        await(&board->looked, i);
        if (board->looked == LONG_MAX) return;
        store(directory, way, i);
        board->stored = i + 1; /* close(), or the rename after it, has returned */
    }
}

/* In how many of the tries an open that began after the store had returned showed what was before. Fewer tries, and their share of all, when time is up. */
void stale_look(const char *directory, const char *way, long tries, const char *path) {
    struct board *board = open_board(path);
    long stale = 0, tried = 0;
    await(&board->stored, 1);
    for (double enough = now() + ENOUGH; tried < tries && now() < enough;) {
        long i = ++tried;
        look(directory, way, i); /* so that what is about to change is known here */
        board->looked = i;
        await(&board->stored, i + 1);
        if (look(directory, way, i) == i) continue;
        stale++;
        for (double end = now() + PATIENCE; look(directory, way, i) != i; usleep(1000))
            if (now() > end) errno = ETIMEDOUT, die("what was stored is never seen");
    }
    board->looked = LONG_MAX;
    printf("%.1f\n", (double)stale * tries / tried);
}

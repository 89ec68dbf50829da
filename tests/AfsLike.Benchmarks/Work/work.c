/* The measured loops of ./dev bench: system calls and a clock, nothing between. Each prints one number a line.
 *
 *   fill F MIB               write random bytes and close: MiB/s
 *   read F                   read once from start to end in 1 MiB pieces: MiB/s
 *   seq F S | map F S | rand F S    for S seconds: pread in 128 KiB pieces, through a mapping, 4 KiB at random: MiB/s, MiB/s, operations/s
 *   small D N                make N files of 4 KiB
 *   stat D N | list D N | open D N  microseconds each: stat of D/fI, a pass of readdir over D, open + read 4 KiB + close of D/fI
 *   make D THREADS S FSYNC   create + write 4 KiB (+ fsync) + close for S seconds, each thread in a directory of its own: files/s
 *   floor F S                write 4 KiB + fdatasync for S seconds: writes/s
 *   tell F N                 N times, 5 ms apart: store the time of its beginning in F
 *   hear F                   open and read F over and over until tell is through: microseconds from each beginning to seeing it
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MIB (1L << 20)
static char page[4096], piece[MIB];

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) {
    fprintf(stderr, "work: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int must(int result, const char *what) {
    if (result < 0) die(what);
    return result;
}

static void name(char *path, const char *directory, const char *prefix, long i) { snprintf(path, 4096, "%s/%s%ld", directory, prefix, i); }

static void put(const char *path, int flags, const void *bytes, size_t length, int sync) {
    int fd = must(open(path, O_WRONLY | O_CLOEXEC | flags, 0644), path);
    if (write(fd, bytes, length) != (ssize_t)length) die(path);
    if (sync) must(fsync(fd), path);
    must(close(fd), path);
}

static void fill(const char *path, long mib) {
    for (long at = 0; at < MIB; at += 256) must(getrandom(piece + at, 256, 0), "random");
    double begin = now();
    int fd = must(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), path);
    for (long i = 0; i < mib; i++) {
        memcpy(piece, &i, sizeof i); /* no two pieces alike */
        if (write(fd, piece, MIB) != MIB) die(path);
    }
    must(close(fd), path);
    printf("%.1f\n", mib / (now() - begin));
}

static void read_once(const char *path) {
    double begin = now();
    int fd = must(open(path, O_RDONLY | O_CLOEXEC), path);
    long total = 0, count;
    while ((count = must(read(fd, piece, MIB), path)) > 0) total += count;
    close(fd);
    printf("%.1f\n", total / (double)MIB / (now() - begin));
}

static void stream(const char *path, double seconds, int kind) {
    int fd = must(open(path, O_RDONLY | O_CLOEXEC), path);
    struct stat status;
    must(fstat(fd, &status), path);
    long pages = status.st_size / 4096, sum = 0, done = 0;
    unsigned seed = 1;
    char *map = kind == 1 ? mmap(NULL, status.st_size, PROT_READ, MAP_SHARED, fd, 0) : NULL;
    if (map == MAP_FAILED) die("mmap");
    double begin = now(), end = begin + seconds;
    while (now() < end) {
        if (kind == 2)
            for (int i = 0; i < 256; i++, done++) must(pread(fd, page, 4096, (rand_r(&seed) % pages) * 4096L), path);
        else
            for (long at = 0; at < status.st_size; at += 128 << 10) {
                if (kind == 0) must(pread(fd, piece, 128 << 10, at), path);
                else for (long i = 0; i < 128 << 10; i += 64) sum += map[at + i];
                done++;
            }
    }
    double took = now() - begin;
    printf("%.1f\n", kind == 2 ? done / took : done / 8.0 / took);
    if (sum == 42) fputc(' ', stderr); /* the sum is used */
}

static void small(const char *directory, long count) {
    char path[4096];
    for (long i = 0; i < count; i++) {
        name(path, directory, "f", i);
        put(path, O_CREAT | O_TRUNC, page, sizeof page, 0);
    }
}

static void stats(const char *directory, long count, int opens) {
    char path[4096];
    struct stat status;
    double best = 1e9;
    for (int round = 0; round < 5; round++) {
        double begin = now();
        for (long i = 0; i < count; i++) {
            name(path, directory, "f", i);
            if (!opens) { must(stat(path, &status), path); continue; }
            int fd = must(open(path, O_RDONLY | O_CLOEXEC), path);
            if (read(fd, page, sizeof page) != sizeof page) die(path);
            close(fd);
        }
        double each = (now() - begin) / count;
        if (each < best) best = each;
    }
    printf("%.3f\n", best * 1e6);
}

static void list(const char *directory, long passes) {
    double best = 1e9;
    for (long i = 0; i < passes; i++) {
        double begin = now();
        DIR *open = opendir(directory);
        if (!open) die(directory);
        long names = 0;
        while (readdir(open)) names++;
        closedir(open);
        double took = now() - begin;
        if (took < best) best = took;
        if (names < 2) die("an empty listing");
    }
    printf("%.1f\n", best * 1e6);
}

struct maker { const char *directory; int number, sync; double end; long made; };

static void *maker(void *given) {
    struct maker *m = given;
    char path[4096];
    for (; now() < m->end; m->made++) {
        snprintf(path, sizeof path, "%s/t%d/%ld", m->directory, m->number, m->made);
        put(path, O_CREAT | O_EXCL, page, sizeof page, m->sync);
    }
    return NULL;
}

static void make(const char *directory, int threads, double seconds, int sync) {
    pthread_t thread[64];
    struct maker makers[64];
    double begin = now();
    for (int i = 0; i < threads; i++) {
        char path[4096];
        name(path, directory, "t", i);
        must(mkdir(path, 0755), path);
        makers[i] = (struct maker){directory, i, sync, begin + seconds, 0};
        if (pthread_create(&thread[i], NULL, maker, &makers[i])) die("thread");
    }
    long made = 0;
    for (int i = 0; i < threads; i++) {
        pthread_join(thread[i], NULL);
        made += makers[i].made;
    }
    printf("%.1f\n", made / (now() - begin));
}

static void floor_of(const char *path, double seconds) {
    int fd = must(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), path);
    long done = 0;
    double begin = now();
    for (; now() < begin + seconds; done++) {
        if (write(fd, page, sizeof page) != sizeof page) die(path);
        must(fdatasync(fd), path);
    }
    printf("%.1f\n", done / (now() - begin));
    close(fd);
    unlink(path);
}

static void tell(const char *path, long rounds) {
    for (long i = 0; i < rounds; i++) {
        double begin = now();
        put(path, O_CREAT | O_TRUNC, &begin, sizeof begin, 0);
        usleep(5000);
    }
    double last = -1;
    put(path, O_CREAT | O_TRUNC, &last, sizeof last, 0);
}

static void hear(const char *path) {
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

int main(int argc, char **argv) {
    const char *verb = argc > 2 ? argv[1] : "", *path = argc > 2 ? argv[2] : "";
    double first = argc > 3 ? atof(argv[3]) : 0;
    if (!strcmp(verb, "fill") && argc > 3) fill(path, (long)first);
    else if (!strcmp(verb, "read")) read_once(path);
    else if (!strcmp(verb, "seq")) stream(path, first, 0);
    else if (!strcmp(verb, "map")) stream(path, first, 1);
    else if (!strcmp(verb, "rand")) stream(path, first, 2);
    else if (!strcmp(verb, "small")) small(path, (long)first);
    else if (!strcmp(verb, "stat")) stats(path, (long)first, 0);
    else if (!strcmp(verb, "open")) stats(path, (long)first, 1);
    else if (!strcmp(verb, "list")) list(path, (long)first);
    else if (!strcmp(verb, "make") && argc > 5) make(path, (int)first, atof(argv[4]), atoi(argv[5]));
    else if (!strcmp(verb, "floor")) floor_of(path, first);
    else if (!strcmp(verb, "tell")) tell(path, (long)first);
    else if (!strcmp(verb, "hear")) hear(path);
    else { fprintf(stderr, "work: no such work: %s\n", verb); return 2; }
    return 0;
}

/* The measured loops of ./dev bench: system calls and a clock, nothing between. Each prints one number a line.
 *
 *   fill F MIB               write random bytes and close: MiB/s
 *   read F                   read once from start to end in 1 MiB pieces: MiB/s
 *   seq F S | map F S | rand F S    for S seconds: pread in 128 KiB pieces, through a mapping, 4 KiB at random: MiB/s, MiB/s, operations/s
 *   over F S                 for S seconds: write over what is in F, 128 KiB at a time: MiB/s
 *   small D N                make N files of 4 KiB
 *   empty D N                make N files of nothing
 *   stat D N | list D N | open D N | none D N
 *                            microseconds each, the best of some passes: stat of D/fI, a pass of readdir over D, open + read 4 KiB + close of D/fI,
 *                            stat of what is not there
 *   once D N                 microseconds each: stat of D/fI, one pass
 *   meta D N THREADS         create, stat, rename, unlink N files of nothing in D, the threads sharing them: each a second
 *   mkdirs FROM TO | copy FROM TO | scan D | readall D      phases of the Andrew benchmark: seconds
 *   time D COMMAND...        seconds of a command in D
 *   cpu PID...               seconds of processor time used so far
 *   make D THREADS S FSYNC   create + write 4 KiB (+ fsync) + close for S seconds, each thread in a directory of its own: files/s
 *   floor F S                write 4 KiB + fdatasync for S seconds: writes/s
 *   tell F N                 N times, 5 ms apart: store the time of its beginning in F
 *   hear F                   open and read F over and over until tell is through: microseconds from each beginning to seeing it
 *   store D WAY N BOARD | look D WAY N BOARD
 *                            N times in turns: one stores (WAY: overwrite, rename, grow, create), the other then opens: how many saw what was before
 */
#include "work.h"
#include <dirent.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

char page[4096], piece[MIB];

double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

void die(const char *what) {
    fprintf(stderr, "work: %s: %s\n", what, strerror(errno));
    exit(1);
}

int must(int result, const char *what) {
    if (result < 0) die(what);
    return result;
}

void name(char *path, const char *directory, const char *prefix, long i) { snprintf(path, 4096, "%s/%s%ld", directory, prefix, i); }

void put(const char *path, int flags, const void *bytes, size_t length, int sync) {
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

static void overwrite(const char *path, double seconds) {
    int fd = must(open(path, O_WRONLY | O_CLOEXEC), path);
    struct stat status;
    must(fstat(fd, &status), path);
    long done = 0;
    double begin = now(), end = begin + seconds;
    while (now() < end)
        for (long at = 0; at < status.st_size && now() < end; at += 128 << 10, done++)
            if (pwrite(fd, piece, 128 << 10, at) != 128 << 10) die(path);
    printf("%.1f\n", done / 8.0 / (now() - begin));
    must(close(fd), path);
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

int main(int argc, char **argv) {
    const char *verb = argc > 2 ? argv[1] : "", *path = argc > 2 ? argv[2] : "", *second = argc > 3 ? argv[3] : "";
    double first = atof(second);
#define VERB(word, least) else if (!strcmp(verb, word) && argc > (least))
    if (argc < 3) verb = "nothing";
    VERB("fill", 3) fill(path, (long)first);
    VERB("read", 2) read_once(path);
    VERB("seq", 3) stream(path, first, 0);
    VERB("map", 3) stream(path, first, 1);
    VERB("rand", 3) stream(path, first, 2);
    VERB("over", 3) overwrite(path, first);
    VERB("small", 3) small(path, (long)first);
    VERB("empty", 3) empty(path, (long)first);
    VERB("stat", 3) stats(path, (long)first, 0);
    VERB("once", 3) stat_once(path, (long)first);
    VERB("none", 3) stat_none(path, (long)first);
    VERB("open", 3) stats(path, (long)first, 1);
    VERB("list", 3) list(path, (long)first);
    VERB("meta", 4) metadata(path, (long)first, atoi(argv[4]));
    VERB("mkdirs", 3) make_directories(path, second);
    VERB("copy", 3) copy_files(path, second);
    VERB("scan", 2) scan(path);
    VERB("readall", 2) read_all(path);
    VERB("time", 3) timed(path, argv + 3);
    VERB("cpu", 2) processor_seconds(argv + 2);
    VERB("make", 5) make(path, (int)first, atof(argv[4]), atoi(argv[5]));
    VERB("floor", 3) floor_of(path, first);
    VERB("tell", 3) tell(path, (long)first);
    VERB("hear", 2) hear(path);
    VERB("store", 5) stale_store(path, second, atol(argv[4]), argv[5]);
    VERB("link", 5) slow_link(path, second, atof(argv[4]), atof(argv[5]));
    VERB("look", 5) stale_look(path, second, atol(argv[4]), argv[5]);
    else { fprintf(stderr, "work: no such work: %s\n", argc > 1 ? argv[1] : ""); return 2; }
    return 0;
}

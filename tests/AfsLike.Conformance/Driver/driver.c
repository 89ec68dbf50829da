/*
 * Does file work on a host at the tests' word, so that a round takes a system call's time and not a process's.
 * One command a line on stdin, one answer a line on stdout: "ok ..." or "err ERRNO NAME". Words have no blanks in them.
 *
 *   write P TEXT N      open(O_CREAT|O_TRUNC), TEXT N times over, close: "ok", the close having said so
 *   append P TEXT N     the same with O_APPEND
 *   replace P TEXT N    write P.tmp, rename it over P
 *   create P            open(O_CREAT|O_EXCL), close
 *   read P              "ok SIZE HASH": FNV-1a of the contents
 *   stat P              "ok SIZE"
 *   has D NAME          readdir D: "ok 1" or "ok 0"
 *   count D             readdir D: how many names but . and ..
 *   unlink P | mkdir P | rename P Q
 *   map P N             O_RDWR, mmap(MAP_SHARED) of N bytes, close: "ok ADDRESS";  poke ADDRESS TEXT | unmap ADDRESS N
 *   view P              O_RDONLY, kept: "ok FD"
 *   open P              O_RDWR|O_CREAT, kept: "ok FD";  put FD TEXT | get FD | close FD
 *   storm D WORD S OTHER  for S seconds: look for D/OTHER-i, create D/WORD-i and remove every second one: "ok KEPT LONGEST_MS"
 *   wrong D WORD KEPT   how many names are not as such a storm has left them
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void failed(void) { printf("err %d %s\n", errno, strerrorname_np(errno)); }

static void done(int result) { if (result < 0) failed(); else puts("ok"); }

static int put_all(int fd, const char *text, long times)
{
    size_t length = strlen(text), total = length * (size_t)times;
    char *all = malloc(total + 1);
    for (long i = 0; i < times; i++) memcpy(all + (size_t)i * length, text, length);
    size_t at = 0;
    while (at < total) {
        ssize_t n = write(fd, all + at, total - at);
        if (n < 0) { free(all); return -1; }
        at += (size_t)n;
    }
    free(all);
    return 0;
}

static int store(const char *path, const char *text, long times, int flags)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
    if (fd < 0) return -1;
    int bad = put_all(fd, text, times), why = errno;
    if (close(fd) < 0) return -1;
    errno = why;
    return bad;
}

static void map(const char *path, size_t length)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    char *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED || close(fd) < 0) failed(); else printf("ok %lu\n", (unsigned long)mapped);
}

static int replace(const char *path, const char *text, long times)
{
    char temporary[4096];
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    return store(temporary, text, times, O_TRUNC) < 0 ? -1 : rename(temporary, path);
}

static void digest(int fd, off_t from)
{
    static unsigned char buffer[1 << 20];
    uint64_t hash = 14695981039346656037ull;
    long long size = 0;
    ssize_t n;
    while ((n = pread(fd, buffer, sizeof buffer, from + size)) > 0) {
        for (ssize_t i = 0; i < n; i++) hash = (hash ^ buffer[i]) * 1099511628211ull;
        size += n;
    }
    if (n < 0) failed(); else printf("ok %lld %016llx\n", size, (unsigned long long)hash);
}

static void read_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) { failed(); return; }
    digest(fd, 0);
    close(fd);
}

static void list(const char *path, const char *wanted)
{
    DIR *directory = opendir(path);
    if (!directory) { failed(); return; }
    long count = 0, found = 0;
    struct dirent *entry;
    errno = 0;
    while ((entry = readdir(directory))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        count++;
        if (wanted && strcmp(entry->d_name, wanted) == 0) found = 1;
    }
    if (errno) failed(); else printf("ok %ld\n", wanted ? found : count);
    closedir(directory);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void storm(const char *directory, const char *word, double seconds, const char *other)
{
    char path[4096];
    double end = now() + seconds, longest = 0;
    long kept = 0;
    for (long i = 0; now() < end; i++) {
        double start = now();
        snprintf(path, sizeof path, "%s/%s-%ld", directory, other, i);
        if (access(path, F_OK) < 0 && errno != ENOENT) { failed(); return; }
        snprintf(path, sizeof path, "%s/%s-%ld", directory, word, i);
        if (store(path, word, 1, O_EXCL) < 0 || (i % 2 && unlink(path) < 0)) { failed(); return; }
        kept += i % 2 == 0;
        if (now() - start > longest) longest = now() - start;
    }
    printf("ok %ld %.0f\n", kept, longest * 1000);
}

static void wrong(const char *directory, const char *word, long kept)
{
    char path[4096];
    long found = 0;
    for (long i = 0; i < 2 * kept; i++) {
        snprintf(path, sizeof path, "%s/%s-%ld", directory, word, i);
        found += (access(path, F_OK) == 0) != (i % 2 == 0);
    }
    printf("ok %ld\n", found);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("ok ready");
    while (getline(&line, &room, stdin) > 0) {
        char *word[5] = { "", "", "", "1", "" };
        int n = 0;
        for (char *next = strtok(line, " \n"); next && n < 5; next = strtok(NULL, " \n")) word[n++] = next;
        const char *verb = word[0], *path = word[1];
        long times = atol(word[3]);
        if (!strcmp(verb, "write")) done(store(path, word[2], times, O_TRUNC));
        else if (!strcmp(verb, "append")) done(store(path, word[2], times, O_APPEND));
        else if (!strcmp(verb, "replace")) done(replace(path, word[2], times));
        else if (!strcmp(verb, "map")) map(path, (size_t)atol(word[2]));
        else if (!strcmp(verb, "poke")) { memcpy((char *)strtoul(path, NULL, 10), word[2], strlen(word[2])); puts("ok"); }
        else if (!strcmp(verb, "unmap")) done(munmap((char *)strtoul(path, NULL, 10), (size_t)atol(word[2])));
        else if (!strcmp(verb, "create")) done(store(path, "", 0, O_EXCL));
        else if (!strcmp(verb, "read")) read_path(path);
        else if (!strcmp(verb, "stat")) {
            struct stat status;
            if (stat(path, &status) < 0) failed(); else printf("ok %lld\n", (long long)status.st_size);
        }
        else if (!strcmp(verb, "has")) list(path, word[2]);
        else if (!strcmp(verb, "count")) list(path, NULL);
        else if (!strcmp(verb, "unlink")) done(unlink(path));
        else if (!strcmp(verb, "mkdir")) done(mkdir(path, 0755));
        else if (!strcmp(verb, "rename")) done(rename(path, word[2]));
        else if (!strcmp(verb, "open")) {
            int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
            if (fd < 0) failed(); else printf("ok %d\n", fd);
        }
        else if (!strcmp(verb, "view")) {
            int fd = open(path, O_RDONLY | O_CLOEXEC);
            if (fd < 0) failed(); else printf("ok %d\n", fd);
        }
        else if (!strcmp(verb, "put")) done(put_all(atoi(path), word[2], 1));
        else if (!strcmp(verb, "get")) digest(atoi(path), 0);
        else if (!strcmp(verb, "close")) done(close(atoi(path)));
        else if (!strcmp(verb, "storm")) storm(path, word[2], atof(word[3]), word[4]);
        else if (!strcmp(verb, "wrong")) wrong(path, word[2], times);
        else puts("err 0 what");
    }
    return 0;
}

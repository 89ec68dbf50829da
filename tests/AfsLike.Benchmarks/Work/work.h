/* What the measured loops share. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (1L << 20)
extern char page[4096], piece[MIB];

double now(void); /* seconds of CLOCK_MONOTONIC, which all hosts of a cell on one machine share */
void die(const char *what);
int must(int result, const char *what);
void name(char *path, const char *directory, const char *prefix, long i); /* path: 4096 bytes */
void put(const char *path, int flags, const void *bytes, size_t length, int sync);

/* names.c */
void empty(const char *directory, long count);
void metadata(const char *directory, long count, int threads);
void stat_once(const char *directory, long count);
void stat_none(const char *directory, long count);

/* tree.c */
void make_directories(const char *from, const char *to);
void copy_files(const char *from, const char *to);
void scan(const char *tree);
void read_all(const char *tree);

/* seen.c */
void tell(const char *path, long rounds);
void hear(const char *path);
void stale_store(const char *directory, const char *way, long tries, const char *board);
void stale_look(const char *directory, const char *way, long tries, const char *board);

/* link.c */
void slow_link(const char *one, const char *other, double delay, double rate);

/* process.c */
void timed(const char *directory, char **command);
void processor_seconds(char **pids);

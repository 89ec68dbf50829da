/* The first four phases of the Andrew benchmark (Howard et al., Scale and Performance in a Distributed File System, 1988). Each prints seconds. */
#include "work.h"
#include <ftw.h>

#define OPEN_DIRECTORIES 32
static const char *root, *goal;

static void walk(const char *from, const char *to, int (*each)(const char *, const struct stat *, int, struct FTW *)) {
    root = from;
    goal = to;
    double begin = now();
    if (nftw(from, each, OPEN_DIRECTORIES, FTW_PHYS)) die(from);
    printf("%.4f\n", now() - begin);
}

static void goal_of(char *path, const char *source) { snprintf(path, 4096, "%s%s", goal, source + strlen(root)); }

static int make_one(const char *path, const struct stat *status, int kind, struct FTW *at) {
    char made[4096];
    goal_of(made, path);
    if (kind == FTW_D && at->level > 0) must(mkdir(made, 0755), made);
    return (void)status, 0;
}

static int copy_one(const char *path, const struct stat *status, int kind, struct FTW *at) {
    if (kind != FTW_F) return 0;
    char made[4096];
    goal_of(made, path);
    int from = must(open(path, O_RDONLY | O_CLOEXEC), path), to = must(open(made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644), made);
    for (long count; (count = must(read(from, piece, MIB), path)) > 0;)
        if (write(to, piece, count) != count) die(made);
    must(close(to), made);
    close(from);
    return (void)status, (void)at, 0;
}

static int look_at_one(const char *path, const struct stat *status, int kind, struct FTW *at) {
    if (kind == FTW_NS || kind == FTW_DNR) die(path);
    return (void)status, (void)at, 0;
}

static int read_one(const char *path, const struct stat *status, int kind, struct FTW *at) {
    if (kind != FTW_F) return look_at_one(path, status, kind, at);
    int fd = must(open(path, O_RDONLY | O_CLOEXEC), path);
    long total = 0, count;
    while ((count = must(read(fd, piece, MIB), path)) > 0) total += count;
    close(fd);
    if (total != status->st_size) die("a file is not as long as its status says");
    return 0;
}

void make_directories(const char *from, const char *to) { walk(from, to, make_one); }
void copy_files(const char *from, const char *to) { walk(from, to, copy_one); }
void scan(const char *tree) { walk(tree, tree, look_at_one); }
void read_all(const char *tree) { walk(tree, tree, read_one); }

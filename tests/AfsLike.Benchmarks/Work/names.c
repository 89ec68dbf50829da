/* Names and nothing in the files: what a server of names is asked for. */
#include "work.h"
#include <pthread.h>

void empty(const char *directory, long count) {
    char path[4096];
    for (long i = 0; i < count; i++) {
        name(path, directory, "f", i);
        put(path, O_CREAT | O_EXCL, page, 0, 0);
    }
}

/* As mdtest: each phase is ended by all threads before the next begins. */
enum phase { CREATE, STAT, RENAME, UNLINK, PHASES };
struct share { const char *directory; int number; long count; enum phase phase; };

static void *work_on(void *given) {
    struct share *s = given;
    char path[4096], other[4096], prefix[32];
    struct stat status;
    snprintf(prefix, sizeof prefix, "%d.", s->number);
    for (long i = 0; i < s->count; i++) {
        name(path, s->directory, prefix, i);
        snprintf(other, sizeof other, "%s/to%d.%ld", s->directory, s->number, i);
        switch (s->phase) {
        case CREATE: put(path, O_CREAT | O_EXCL, page, 0, 0); break;
        case STAT: must(stat(path, &status), path); break;
        case RENAME: must(rename(path, other), path); break;
        default: must(unlink(other), other);
        }
    }
    return NULL;
}

void metadata(const char *directory, long count, int threads) {
    pthread_t thread[64];
    struct share shares[64];
    for (int phase = CREATE; phase < PHASES; phase++) {
        double begin = now();
        for (int i = 0; i < threads; i++) {
            shares[i] = (struct share){directory, i, count / threads, phase};
            if (pthread_create(&thread[i], NULL, work_on, &shares[i])) die("thread");
        }
        for (int i = 0; i < threads; i++) pthread_join(thread[i], NULL);
        printf("%.1f\n", count / threads * threads / (now() - begin));
    }
}

void stat_once(const char *directory, long count) {
    char path[4096];
    struct stat status;
    double begin = now();
    for (long i = 0; i < count; i++) {
        name(path, directory, "f", i);
        must(stat(path, &status), path);
    }
    printf("%.3f\n", (now() - begin) / count * 1e6);
}

void stat_none(const char *directory, long count) {
    char path[4096];
    struct stat status;
    double best = 1e9;
    for (int round = 0; round < 5; round++) {
        double begin = now();
        for (long i = 0; i < count; i++) {
            name(path, directory, "none", i);
            if (stat(path, &status) == 0 || errno != ENOENT) die(path);
        }
        double each = (now() - begin) / count;
        if (each < best) best = each;
    }
    printf("%.3f\n", best * 1e6);
}

/* Other programs as the measured work, and what they cost. */
#include "work.h"
#include <sys/wait.h>
#include <time.h>

/* Seconds that a command takes in a directory; its output goes nowhere. */
void timed(const char *directory, char **command) {
    must(chdir(directory), directory);
    double begin = now();
    pid_t child = must(fork(), "fork");
    if (child == 0) {
        must(dup2(must(open("/dev/null", O_WRONLY), "/dev/null"), 1), "/dev/null");
        execvp(command[0], command);
        die(command[0]);
    }
    int status;
    must(waitpid(child, &status, 0), "wait");
    double took = now() - begin;
    if (status != 0) {
        fprintf(stderr, "work: %s ended with %d\n", command[0], WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        exit(1);
    }
    printf("%.4f\n", took);
}

/* Seconds of processor time the processes have used since they began, all threads, also those that have ended. */
void processor_seconds(char **pids) {
    double sum = 0;
    for (; *pids; pids++) {
        clockid_t clock;
        struct timespec used;
        if (clock_getcpuclockid(atoi(*pids), &clock) || clock_gettime(clock, &used)) continue; /* it has ended */
        sum += used.tv_sec + used.tv_nsec / 1e9;
    }
    printf("%.6f\n", sum);
}

/* A slow link between two network interfaces: each frame that comes in on the one goes out on the other, later. For kernels without netem. */
#include "work.h"
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <arpa/inet.h>
#include <sys/socket.h>

/* Frames are as large as the hosts' offloads make them, and keep what is said of that in front of them. */
#define LARGEST (sizeof(struct virtio_net_hdr) + 14 + 65536)

struct frame {
    struct frame *next;
    double due;
    ssize_t length;
    char bytes[];
};

struct way {
    int from, to;
    struct frame *first, **last;
    long waiting;      /* bytes */
    double free_from;  /* when the line has sent what was given to it */
};

static int interface(const char *name) {
    int s = must(socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL)), "socket"), on = 1, room = 8 << 20;
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = if_nametoindex(name)};
    must(setsockopt(s, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on), "PACKET_IGNORE_OUTGOING");
    must(setsockopt(s, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on), "PACKET_VNET_HDR");
    must(setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room), "SO_RCVBUFFORCE");
    must(bind(s, (struct sockaddr *)&at, sizeof at), name);
    return s;
}

static void take(struct way *way, double delay, double rate, long most) {
    static char bytes[LARGEST];
    ssize_t length;
    while ((length = recv(way->from, bytes, sizeof bytes, 0)) > 0) {
        if (way->waiting + length > most) continue; /* as a router whose queue is full */
        struct frame *frame = malloc(sizeof *frame + length);
        if (!frame) die("memory");
        double begin = now() > way->free_from ? now() : way->free_from;
        way->free_from = begin + length / rate;
        *frame = (struct frame){.due = way->free_from + delay, .length = length};
        memcpy(frame->bytes, bytes, length);
        *way->last = frame;
        way->last = &frame->next;
        way->waiting += length;
    }
    if (errno != EAGAIN && errno != ENETDOWN) die("receiving");
}

/* Sends what is due; tells when the next frame is, or 0. */
static double give(struct way *way) {
    struct frame *frame;
    while ((frame = way->first) && frame->due <= now()) {
        if (send(way->to, frame->bytes, frame->length, 0) < 0 && errno == EAGAIN) return now() + 0.0001;
        way->waiting -= frame->length;
        if (!(way->first = frame->next)) way->last = &way->first;
        free(frame);
    }
    return frame ? frame->due : 0;
}

/* Runs until it is killed. `delay`: seconds each way; `rate`: bytes a second each way. Up to twice what is on its way then waits for the line. */
void slow_link(const char *one, const char *other, double delay, double rate) {
    struct way ways[2] = {{.from = interface(one), .to = interface(other)}, {.from = 0}};
    ways[1].from = ways[0].to, ways[1].to = ways[0].from;
    ways[0].last = &ways[0].first, ways[1].last = &ways[1].first;
    long most = 4 * delay * rate + 64 * LARGEST;
    struct pollfd both[2] = {{ways[0].from, POLLIN, 0}, {ways[1].from, POLLIN, 0}};
    puts("ready");
    fflush(stdout);
    for (;;) {
        double next = 0;
        for (int i = 0; i < 2; i++) {
            take(&ways[i], delay, rate, most);
            double due = give(&ways[i]);
            if (due && (!next || due < next)) next = due;
        }
        double left = next ? next - now() : 3600;
        struct timespec pause = {.tv_sec = left > 0 ? (time_t)left : 0, .tv_nsec = left > 0 ? (long)((left - (time_t)left) * 1e9) : 0};
        must(ppoll(both, 2, &pause, NULL), "poll");
    }
}

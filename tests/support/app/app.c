/* A web application for tests, which can be told by its environment to be bad in many ways.
 *
 *   PORT=8000          where it listens            VERSION=text     what its answers begin with
 *   LISTEN_AFTER=s     listens so late             READY_AFTER=s    is ready so long after that
 *   EXIT_AFTER=s       ends so long after start    EXIT_CODE=1      ... with this code
 *   STATUS=200         status of every answer      HANG=1           accepts, and never answers
 *   EAT_MB=n           takes so much memory        REQUIRE=A,B      ends with 3 if one is missing
 *   UNWELL_FILE=path   /healthz fails while it is  GRACE=0          ends at once when told to
 *
 * Before it is ready it answers 503 at /healthz and "NOT READY host" elsewhere - with status 200,
 * so that nothing between it and the client hides the answer by asking another replica.
 * Told to end (SIGTERM, SIGINT), it takes what has connected, listens no more, finishes open
 * requests, closes WebSockets with 1001 and exits 0. The pages are in pages.c.
 */
#define _GNU_SOURCE
#include "app.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct settings settings;
int stop_event;
static _Atomic double listening_since = -1;
static atomic_int open_connections;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void wait_seconds(double seconds) {
    struct timespec time = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};
    while (nanosleep(&time, &time) != 0 && errno == EINTR) {
    }
}

bool ready(void) {
    return now() >= listening_since + settings.ready_after;
}

bool stopping(void) {
    struct pollfd wait = {stop_event, POLLIN, 0};
    return poll(&wait, 1, 0) > 0;
}

bool take_turn(int socket) {
    struct pollfd wait[] = {{socket, POLLIN, 0}, {stop_event, POLLIN, 0}};
    while (poll(wait, 2, -1) < 0 && errno == EINTR) {
    }
    return wait[0].revents != 0; /* what has arrived is answered, even while stopping */
}

void leave(int code, const char *why) {
    fprintf(stderr, "exiting with code %d: %s\n", code, why);
    _exit(code);
}

/* Written to, since memory that nobody touches is not counted. */
void eat(long megabytes) {
    for (long eaten = 0; eaten < megabytes; eaten++) {
        void *block = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED)
            leave(1, "no more memory");
        memset(block, 1, 1 << 20);
    }
}

static void *eat_as_told(void *unused) {
    eat(settings.eat_mb);
    return unused;
}

static void *exit_as_told(void *unused) {
    wait_seconds(settings.exit_after);
    leave((int)settings.exit_code, "EXIT_AFTER is over");
    return unused;
}

static void *serve_one(void *argument) {
    int socket = (int)(long)argument;
    serve(socket);
    close(socket);
    open_connections--;
    return NULL;
}

static void start(void *(*work)(void *), void *argument) {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 128 << 10);
    if (pthread_create(&thread, &attributes, work, argument) != 0)
        leave(1, "no more threads");
    pthread_attr_destroy(&attributes);
}

static int listen_on(long port) {
    if (port < 1 || port > 65535)
        leave(1, "PORT has to be from 1 to 65535");
    int on = 1, off = 0;
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int found = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool both = found >= 0;
    if (!both)
        found = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(found, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (both)
        setsockopt(found, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    struct sockaddr *address = both ? (struct sockaddr *)&six : (struct sockaddr *)&four;
    if (bind(found, address, both ? sizeof six : sizeof four) != 0 || listen(found, 4096) != 0) {
        fprintf(stderr, "cannot listen on port %ld: %s\n", port, strerror(errno));
        leave(1, "no port");
    }
    return found;
}

/* Return when told to stop, after everybody was taken in who had connected before. */
static void accept_all(int listener) {
    int on = 1, client;
    while (true) {
        bool ending = !take_turn(listener) || stopping();
        while ((client = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
            setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            open_connections++;
            start(serve_one, (void *)(long)client);
        }
        if (ending)
            return;
    }
}

static void *await_end(void *signals) {
    int received;
    sigwait(signals, &received);
    if (!settings.graceful)
        leave(0, "told to end, without grace");
    uint64_t one = 1;
    if (write(stop_event, &one, sizeof one) != sizeof one)
        leave(1, "cannot tell the others to stop");
    fprintf(stderr, "told to end with %d connections\n", open_connections);
    return NULL;
}

static double setting(const char *name, double otherwise) {
    const char *value = getenv(name);
    return value != NULL && *value != 0 ? atof(value) : otherwise;
}

static void read_settings(void) {
    const char *version = getenv("VERSION");
    settings.version = version != NULL ? version : "unnamed";
    settings.unwell_file = getenv("UNWELL_FILE");
    settings.port = (long)setting("PORT", 8000);
    settings.status = (long)setting("STATUS", 200);
    settings.exit_code = (long)setting("EXIT_CODE", 1);
    settings.eat_mb = (long)setting("EAT_MB", 0);
    settings.ready_after = setting("READY_AFTER", 0);
    settings.listen_after = setting("LISTEN_AFTER", 0);
    settings.exit_after = setting("EXIT_AFTER", -1);
    settings.hang = setting("HANG", 0) != 0;
    settings.graceful = setting("GRACE", 1) != 0;
    gethostname(settings.host, sizeof settings.host - 1);
}

static void require_variables(void) {
    char *wanted = getenv("REQUIRE") != NULL ? strdup(getenv("REQUIRE")) : NULL;
    char *rest = wanted;
    for (char *name; (name = strsep(&rest, ",")) != NULL;) {
        if (*name != 0 && getenv(name) == NULL) {
            fprintf(stderr, "the variable %s is missing\n", name);
            leave(3, "it cannot work without");
        }
    }
    free(wanted);
}

int main(void) {
    static sigset_t signals;
    setvbuf(stdout, NULL, _IOLBF, 0);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    read_settings();
    require_variables();
    if (settings.exit_after == 0)
        leave((int)settings.exit_code, "EXIT_AFTER is over");
    stop_event = eventfd(0, EFD_CLOEXEC);
    start(await_end, &signals);
    if (settings.exit_after > 0)
        start(exit_as_told, NULL);
    for (double end = now() + settings.listen_after; now() < end && !stopping();)
        wait_seconds(end - now() < 0.05 ? end - now() : 0.05);
    if (stopping())
        return 0;
    int listener = listen_on(settings.port);
    listening_since = now();
    printf("listening on %ld as %s\n", settings.port, settings.version);
    if (settings.eat_mb > 0)
        start(eat_as_told, NULL);
    accept_all(listener);
    close(listener);
    while (open_connections > 0)
        wait_seconds(0.005);
    return 0;
}

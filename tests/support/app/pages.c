/* What the application answers. Any other path is the same as /.
 *
 *   /           "VERSION HOST PID"; POST: "received N bytes"      /healthz   "ok", or 503
 *   /slow?s=10  the same as /, after so long                      /env       its environment
 *   /stream?s=10  a line "HOST n" each 100 ms, then "end"         /echo      the request's head
 *   /ws         a WebSocket that sends back what it gets          /burn?ms=5 the same as /, busy
 *   /unwell     from now on this replica's /healthz answers 503   /well      ... it is well again
 *   /oom        takes up to 1 GiB (mb=...) and answers then       /exit?code=1  ends the program
 */
#define _GNU_SOURCE
#include "app.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static atomic_bool unwell;

static const char *reason(long status) {
    return status == 200   ? "OK"
           : status == 503 ? "Service Unavailable"
           : status == 404 ? "Not Found"
           : status >= 500 ? "Server Error"
           : status >= 400 ? "Bad Request"
                           : "Other";
}

bool answer(struct connection *connection, const struct request *request, long status,
            const char *body, size_t size) {
    char text[2048];
    bool keep = request->keep && !stopping();
    int head = snprintf(text, sizeof text,
                        "HTTP/1.1 %ld %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%s\r\n",
                        status, reason(status), size, keep ? "" : "Connection: close\r\n");
    bool bare = strcmp(request->method, "HEAD") == 0;
    bool small = size <= sizeof text - (size_t)head;
    if (small && !bare)
        memcpy(text + head, body, size);
    /* One packet where it fits. */
    bool sent = send_all(connection->socket, text, (size_t)head + (small && !bare ? size : 0));
    if (!small && !bare)
        sent = sent && send_all(connection->socket, body, size);
    return sent && keep;
}

static bool say(struct connection *connection, const struct request *request, long status,
                const char *text) {
    return answer(connection, request, status, text, strlen(text));
}

static bool say_who(struct connection *connection, const struct request *request) {
    char text[512];
    snprintf(text, sizeof text, "%s %s %d\n", settings.version, settings.host, getpid());
    return say(connection, request, settings.status, text);
}

static void pause_ms(double ms) {
    struct timespec time = {(time_t)(ms / 1000), ((long)(ms * 1e6)) % 1000000000L};
    nanosleep(&time, NULL);
}

static void burn_ms(double ms) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    double end = time.tv_sec * 1e3 + time.tv_nsec / 1e6 + ms;
    while (time.tv_sec * 1e3 + time.tv_nsec / 1e6 < end)
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
}

static bool stream(struct connection *connection, const struct request *request) {
    char text[256], chunk[300];
    long lines = (long)(number(request, "s", 10) * 10);
    snprintf(chunk, sizeof chunk, "HTTP/1.1 %ld %s\r\nContent-Type: text/plain\r\n"
             "Transfer-Encoding: chunked\r\n\r\n", settings.status, reason(settings.status));
    bool sent = send_all(connection->socket, chunk, strlen(chunk));
    for (long line = 0; sent && line <= lines; line++) {
        if (line < lines)
            snprintf(text, sizeof text, "%s %ld\n", settings.host, line);
        else
            snprintf(text, sizeof text, "end\n");
        int size = snprintf(chunk, sizeof chunk, "%zx\r\n%s\r\n%s", strlen(text), text,
                            line == lines ? "0\r\n\r\n" : "");
        sent = send_all(connection->socket, chunk, (size_t)size);
        if (line < lines)
            pause_ms(100);
    }
    return sent && request->keep && !stopping();
}

static bool list_environment(struct connection *connection, const struct request *request) {
    char *text = NULL;
    size_t size = 0;
    FILE *all = open_memstream(&text, &size);
    for (char **each = environ; *each != NULL; each++)
        fprintf(all, "%s\n", *each);
    fclose(all);
    bool kept = answer(connection, request, settings.status, text, size);
    free(text);
    return kept;
}

static bool health(struct connection *connection, const struct request *request) {
    bool bad = unwell || (settings.unwell_file != NULL && access(settings.unwell_file, F_OK) == 0);
    if (bad)
        return say(connection, request, 503, "unwell\n");
    return say(connection, request, settings.status, "ok\n");
}

static bool posted(struct connection *connection, const struct request *request) {
    char text[64];
    snprintf(text, sizeof text, "received %ld bytes\n", request->length);
    return say(connection, request, settings.status, text);
}

static bool set_unwell(struct connection *connection, const struct request *request, bool bad) {
    char text[256];
    unwell = bad;
    snprintf(text, sizeof text, "%s %s\n", bad ? "unwell" : "well", settings.host);
    return say(connection, request, settings.status, text);
}

/* Things that happen to the program, and not only to the answer; -1 when it is no such path. */
static int event(struct connection *connection, const struct request *request) {
    const char *path = request->path;
    if (strcmp(path, "/unwell") == 0 || strcmp(path, "/well") == 0)
        return set_unwell(connection, request, path[1] == 'u');
    if (strcmp(path, "/oom") == 0) {
        eat((long)number(request, "mb", 1024));
        return say(connection, request, settings.status, "there was enough memory\n");
    }
    if (strcmp(path, "/exit") == 0) {
        say(connection, request, settings.status, "bye\n");
        leave((int)number(request, "code", 1), "asked at /exit");
    }
    return -1;
}

bool page(struct connection *connection, const struct request *request) {
    const char *path = request->path;
    while (settings.hang)
        pause_ms(1000);
    bool about_health = strcmp(path, "/healthz") == 0;
    if (!ready()) {
        char text[256];
        snprintf(text, sizeof text, "NOT READY %s\n", settings.host);
        return say(connection, request, about_health ? 503 : 200, text);
    }
    if (about_health)
        return health(connection, request);
    int happened = event(connection, request);
    if (happened >= 0)
        return happened;
    if (strcmp(path, "/env") == 0)
        return list_environment(connection, request);
    if (strcmp(path, "/echo") == 0)
        return say(connection, request, settings.status, request->head);
    if (strcmp(path, "/stream") == 0)
        return stream(connection, request);
    if (strcmp(path, "/ws") == 0) {
        websocket(connection, request);
        return false;
    }
    if (strcmp(path, "/slow") == 0)
        pause_ms(number(request, "s", 10) * 1000);
    if (strcmp(path, "/burn") == 0)
        burn_ms(number(request, "ms", 5));
    if (strcmp(request->method, "POST") == 0)
        return posted(connection, request);
    return say_who(connection, request);
}

/* The application that scenario tests deploy; app.c says what it can be told to do. */
#ifndef APP_H
#define APP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { HEAD_MAX = 16384, LINE_MAX_ = 512 };

/* What the environment says, read once at the start. */
struct settings {
    const char *version, *unwell_file;
    char host[128];
    long port, status, exit_code, eat_mb;
    double ready_after, listen_after, exit_after;
    bool hang, graceful;
};

/* A client's connection, and what was received and not used yet. */
struct connection {
    int socket;
    size_t have;
    char buffer[HEAD_MAX + 1];
};

/* A request: its parts end with a zero each; `head` is all of the header lines. */
struct request {
    char method[16], path[LINE_MAX_], query[LINE_MAX_];
    char head[HEAD_MAX + 1];
    bool keep;
    long length;
};

extern struct settings settings;
extern int stop_event; /* readable from the moment that the program was told to end */

/* app.c */
bool ready(void);
bool stopping(void);
bool take_turn(int socket); /* wait for bytes; false when the connection may end instead */
void eat(long megabytes);
void leave(int code, const char *why) __attribute__((noreturn));

/* http.c */
void serve(int socket); /* answer requests until the connection ends */
bool send_all(int socket, const char *data, size_t size);
bool header(const struct request *request, const char *name, char *value, size_t size);
double number(const struct request *request, const char *name, double otherwise);

/* pages.c */
bool page(struct connection *connection, const struct request *request);
bool answer(struct connection *connection, const struct request *request, long status,
            const char *body, size_t size);

/* websocket.c */
void websocket(struct connection *connection, const struct request *request);

#endif

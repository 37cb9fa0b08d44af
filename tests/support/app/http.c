/* HTTP/1.1 (RFC 9112) as far as tests and proxies need it: requests with Content-Length, kept
 * connections, pipelining. A body in chunks is refused with 411. */
#define _GNU_SOURCE
#include "app.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool send_all(int socket, const char *data, size_t size) {
    while (size > 0) {
        ssize_t sent = send(socket, data, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        data += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* Receive more; false at the end of the connection or when no room is left. */
static bool receive(struct connection *connection) {
    size_t room = HEAD_MAX - connection->have;
    if (room == 0)
        return false;
    ssize_t size;
    do {
        size = recv(connection->socket, connection->buffer + connection->have, room, 0);
    } while (size < 0 && errno == EINTR);
    if (size <= 0)
        return false;
    connection->have += (size_t)size;
    connection->buffer[connection->have] = 0;
    return true;
}

static void use(struct connection *connection, size_t size) {
    connection->have -= size;
    memmove(connection->buffer, connection->buffer + size, connection->have);
    connection->buffer[connection->have] = 0;
}

bool header(const struct request *request, const char *name, char *value, size_t size) {
    size_t length = strlen(name);
    for (const char *line = request->head; line != NULL && *line != 0;) {
        const char *end = strstr(line, "\r\n");
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            const char *text = line + length + 1;
            text += strspn(text, " \t");
            size_t long_ = end != NULL ? (size_t)(end - text) : strlen(text);
            snprintf(value, size, "%.*s", (int)long_, text);
            return true;
        }
        line = end != NULL ? end + 2 : NULL;
    }
    return false;
}

double number(const struct request *request, const char *name, double otherwise) {
    char key[32];
    snprintf(key, sizeof key, "%s=", name);
    const char *found = strstr(request->query, key);
    return found != NULL ? atof(found + strlen(key)) : otherwise;
}

/* Read a head; the answer is a status for a bad one, 0 at the end of the connection, else 200. */
static int read_head(struct connection *connection, struct request *request) {
    char *end, target[LINE_MAX_], protocol[16], value[64];
    while ((end = strstr(connection->buffer, "\r\n\r\n")) == NULL) {
        if (!receive(connection))
            return connection->have == HEAD_MAX ? 431 : 0;
    }
    size_t size = (size_t)(end - connection->buffer) + 4;
    if (sscanf(connection->buffer, "%15s %511s %15s", request->method, target, protocol) != 3)
        return 400;
    char *lines = strstr(connection->buffer, "\r\n") + 2;
    snprintf(request->head, sizeof request->head, "%.*s", (int)(end + 2 - lines), lines);
    char *query = strchr(target, '?');
    snprintf(request->query, sizeof request->query, "%s", query != NULL ? query + 1 : "");
    snprintf(request->path, sizeof request->path, "%.*s", (int)strcspn(target, "?"), target);
    request->keep = strcmp(protocol, "HTTP/1.1") == 0;
    if (header(request, "Connection", value, sizeof value) && strcasecmp(value, "close") == 0)
        request->keep = false;
    request->length = header(request, "Content-Length", value, sizeof value) ? atol(value) : 0;
    use(connection, size);
    return header(request, "Transfer-Encoding", value, sizeof value) ? 411 : 200;
}

/* Read the body away; pages need only its length. */
static bool read_body(struct connection *connection, const struct request *request) {
    char value[32];
    long left = request->length;
    if (left > 0 && header(request, "Expect", value, sizeof value))
        send_all(connection->socket, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    while (left > 0) {
        if (connection->have == 0 && !receive(connection))
            return false;
        size_t part = connection->have < (size_t)left ? connection->have : (size_t)left;
        use(connection, part);
        left -= (long)part;
    }
    return true;
}

/* A client that has connected and not asked yet has a second to do so while the program ends. */
static bool first_comes(int socket) {
    struct timeval second = {1, 0};
    if (!take_turn(socket))
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    return true;
}

void serve(int socket) {
    struct connection connection = {.socket = socket};
    struct request request;
    for (bool first = true;; first = false) {
        if (connection.have == 0 && !(first ? first_comes(socket) : take_turn(socket)))
            return;
        int status = read_head(&connection, &request);
        if (status == 0)
            return;
        if (status != 200) {
            request.keep = false;
            request.method[0] = 0;
            answer(&connection, &request, status, "refused\n", 8);
            return;
        }
        if (!read_body(&connection, &request) || !page(&connection, &request))
            return;
    }
}

/* A WebSocket (RFC 6455) that sends each text back; its first text says who answers. */
#define _GNU_SOURCE
#include "app.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10, FRAME_MAX = 4096 };

static uint32_t rotate(uint32_t value, int by) {
    return value << by | value >> (32 - by);
}

static void sha1_block(uint32_t state[5], const uint8_t *block) {
    static const uint32_t constants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t words[80], v[5];
    for (int i = 0; i < 16; i++)
        words[i] = (uint32_t)block[i * 4] << 24 | (uint32_t)block[i * 4 + 1] << 16 |
                   (uint32_t)block[i * 4 + 2] << 8 | block[i * 4 + 3];
    for (int i = 16; i < 80; i++)
        words[i] = rotate(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
    memcpy(v, state, sizeof v);
    for (int i = 0; i < 80; i++) {
        uint32_t mix = i < 20                ? (v[1] & v[2]) | (~v[1] & v[3])
                       : i >= 40 && i < 60 ? (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3])
                                             : v[1] ^ v[2] ^ v[3];
        uint32_t next = rotate(v[0], 5) + mix + v[4] + constants[i / 20] + words[i];
        v[4] = v[3], v[3] = v[2], v[2] = rotate(v[1], 30), v[1] = v[0], v[0] = next;
    }
    for (int i = 0; i < 5; i++)
        state[i] += v[i];
}

/* SHA-1 (RFC 3174) of a text of at most 119 bytes. */
static void sha1(const char *text, uint8_t digest[20]) {
    uint32_t state[] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint8_t padded[128] = {0};
    size_t size = strlen(text), blocks = size < 56 ? 1 : 2;
    memcpy(padded, text, size);
    padded[size] = 0x80;
    padded[blocks * 64 - 2] = (uint8_t)(size * 8 >> 8);
    padded[blocks * 64 - 1] = (uint8_t)(size * 8);
    for (size_t i = 0; i < blocks; i++)
        sha1_block(state, padded + i * 64);
    for (int i = 0; i < 20; i++)
        digest[i] = (uint8_t)(state[i / 4] >> (24 - i % 4 * 8));
}

static void base64(const uint8_t digest[20], char text[29]) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0, out = 0; i < 20; i += 3) {
        uint32_t bits = (uint32_t)digest[i] << 16 | (uint32_t)digest[i + 1] << 8;
        bits |= i + 2 < 20 ? digest[i + 2] : 0;
        for (int part = 0; part < 4; part++)
            text[out++] = letters[bits >> (18 - part * 6) & 63];
    }
    text[27] = '=', text[28] = 0;
}

static bool send_frame(int socket, int kind, const char *data, size_t size) {
    char frame[FRAME_MAX + 4] = {(char)(0x80 | kind)};
    size_t head = size < 126 ? 2 : 4;
    frame[1] = (char)(size < 126 ? size : 126);
    if (head == 4)
        frame[2] = (char)(size >> 8), frame[3] = (char)size;
    memcpy(frame + head, data, size);
    return send_all(socket, frame, head + size);
}

static bool read_exactly(struct connection *connection, uint8_t *goal, size_t size) {
    size_t first = size < connection->have ? size : connection->have;
    memcpy(goal, connection->buffer, first);
    connection->have -= first;
    memmove(connection->buffer, connection->buffer + first, connection->have);
    while (first < size) {
        ssize_t got = recv(connection->socket, goal + first, size - first, 0);
        if (got <= 0)
            return false;
        first += (size_t)got;
    }
    return true;
}

/* Read a frame that a client masked; return its kind, or -1. */
static int read_frame(struct connection *connection, char *data, size_t *size) {
    uint8_t head[2], more[2], mask[4];
    if (!read_exactly(connection, head, 2) || (head[1] & 0x80) == 0)
        return -1;
    *size = head[1] & 0x7f;
    if (*size == 126) {
        if (!read_exactly(connection, more, 2))
            return -1;
        *size = (size_t)more[0] << 8 | more[1];
    }
    if (*size > FRAME_MAX || !read_exactly(connection, mask, 4) ||
        !read_exactly(connection, (uint8_t *)data, *size))
        return -1;
    for (size_t i = 0; i < *size; i++)
        data[i] ^= (char)mask[i % 4];
    return head[0] & 0x0f;
}

void websocket(struct connection *connection, const struct request *request) {
    char key[64], joined[110], accept[29], text[512], data[FRAME_MAX];
    uint8_t digest[20];
    if (!header(request, "Sec-WebSocket-Key", key, sizeof key)) {
        answer(connection, request, 400, "no Sec-WebSocket-Key\n", 21);
        return;
    }
    snprintf(joined, sizeof joined, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    sha1(joined, digest);
    base64(digest, accept);
    int size = snprintf(text, sizeof text, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
    bool good = send_all(connection->socket, text, (size_t)size);
    size = snprintf(text, sizeof text, "%s %s", settings.version, settings.host);
    good = good && send_frame(connection->socket, TEXT, text, (size_t)size);
    while (good) {
        if (connection->have == 0 && !take_turn(connection->socket)) {
            send_frame(connection->socket, CLOSE, "\x03\xe9", 2); /* 1001: going away */
            return;
        }
        size_t length = 0;
        int kind = read_frame(connection, data, &length);
        if (kind < 0)
            return;
        good = send_frame(connection->socket, kind == PING ? PONG : kind, data, length);
        good = good && kind != CLOSE;
    }
}

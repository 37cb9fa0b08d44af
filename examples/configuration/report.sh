#!/bin/sh
# {{ app }}: says from the inside how it was set up.
printf 'Content-Type: text/plain\r\n\r\n'
echo "log level: $LOG_LEVEL"
echo "key: $(printf %s "$API_KEY" | wc -c) characters"
echo "user: $(id -u):$(id -g)"
echo "capabilities: $(grep CapBnd /proc/self/status | cut -f 2)"
echo "papers: $(cat /papers/first.txt)"
echo "mail: $(grep mail.internal /etc/hosts | cut -f 1)"
for place in / /scratch /papers; do
    touch "$place/probe" 2>/dev/null && echo "$place: writable" || echo "$place: read-only"
done

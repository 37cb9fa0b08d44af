"""The gateway: HAProxy in a container, its configuration in one file inside it.

Comes in: routes. Goes out: that they are served, or why not. It never decides what a route should
be, and never restarts HAProxy: a change is a hitless reload (management guide, 4:
https://docs.haproxy.org/2.6/management.html).
"""

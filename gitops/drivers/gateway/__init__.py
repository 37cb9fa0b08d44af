"""The gateway: HAProxy in a container, its configuration in one file inside it.

Comes in: routes. Goes out: that they are served, or why not, and how their servers are. It never
decides what a route should be, and never restarts HAProxy: a change is a hitless reload (management
guide, 4: https://docs.haproxy.org/2.6/management.html). Works with HAProxy 2.4 and later.

Beside the file are: which servers were out (`states`), the answers to certificate authorities
(`challenges`) and a list of certificates; these themselves are on a volume. `site` says how the
users of a route (`Rules.users`) are hashed.
"""

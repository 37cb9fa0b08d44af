-- "gtop" in ASCII: tells our file from another program's (sqlite.org/pragma.html#pragma_application_id).
PRAGMA application_id = 1735683952;

CREATE TABLE migrations (
    version INTEGER PRIMARY KEY,
    name    TEXT NOT NULL,
    applied REAL NOT NULL
);

CREATE TABLE runs (
    id       TEXT PRIMARY KEY,
    project  TEXT NOT NULL,
    command  TEXT NOT NULL,
    reason   TEXT NOT NULL,
    owner    TEXT NOT NULL,
    lease    TEXT NOT NULL,
    host     TEXT NOT NULL,
    process  TEXT NOT NULL,
    started  REAL NOT NULL,
    ended    REAL,
    state    TEXT NOT NULL,
    message  TEXT NOT NULL,
    plan     TEXT NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX runs_by_time ON runs (project, started);

CREATE TABLE steps (
    run     TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number  INTEGER NOT NULL,
    address TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    because TEXT    NOT NULL,
    state   TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    detail  TEXT    NOT NULL,
    started REAL,
    ended   REAL,
    PRIMARY KEY (run, number)
) WITHOUT ROWID;

-- AUTOINCREMENT: a follower keeps the last sequence it saw, so none may come twice after a prune.
CREATE TABLE log_lines (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    run      TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step     INTEGER NOT NULL,
    time     REAL    NOT NULL,
    line     TEXT    NOT NULL
);
-- SQLite ends each index entry with the row's key, so this one serves "of this run, after that line".
CREATE INDEX log_lines_by_run ON log_lines (run);

CREATE TABLE events (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    project TEXT    NOT NULL,
    address TEXT    NOT NULL,
    type    TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    message TEXT    NOT NULL,
    times   INTEGER NOT NULL,
    first   REAL    NOT NULL,
    last    REAL    NOT NULL,
    run     TEXT    NOT NULL
);
CREATE INDEX events_by_address ON events (project, address);

CREATE TABLE quarantines (
    project TEXT NOT NULL,
    address TEXT NOT NULL,
    wish    TEXT NOT NULL,
    reason  TEXT NOT NULL,
    run     TEXT NOT NULL,
    since   REAL NOT NULL,
    PRIMARY KEY (project, address, wish)
) WITHOUT ROWID;

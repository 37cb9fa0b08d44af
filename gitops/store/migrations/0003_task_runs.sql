-- Runs of tasks. causes is JSON: [["COMMIT", "1a2b→3c4d"], ...]; keep_* says how many of its kind
-- stay, and for how many seconds.
CREATE TABLE task_runs (
    id             TEXT PRIMARY KEY,
    project        TEXT NOT NULL,
    task           TEXT NOT NULL,
    type           TEXT NOT NULL,
    status         TEXT NOT NULL,
    causes         TEXT NOT NULL,
    message        TEXT NOT NULL,
    revision       TEXT NOT NULL,
    branch         TEXT NOT NULL,
    url            TEXT NOT NULL,
    fingerprint    TEXT NOT NULL,
    platform       TEXT NOT NULL,
    owner          TEXT NOT NULL,
    host           TEXT NOT NULL,
    process        TEXT NOT NULL,
    created        REAL NOT NULL,
    started        REAL,
    ended          REAL,
    peak_memory    INTEGER NOT NULL,
    cpu            REAL NOT NULL,
    canceled_by    TEXT NOT NULL,
    snapshot       TEXT NOT NULL,
    keep_succeeded INTEGER NOT NULL,
    keep_failed    INTEGER NOT NULL,
    keep_age       REAL NOT NULL
) STRICT;
CREATE INDEX task_runs_by_time ON task_runs (project, created);
CREATE INDEX task_runs_by_task ON task_runs (project, task, created);
CREATE INDEX task_runs_open ON task_runs (project) WHERE ended IS NULL;

CREATE TRIGGER task_runs_are_final BEFORE UPDATE ON task_runs WHEN OLD.ended IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a run that has ended is final');
END;

CREATE TABLE task_steps (
    run         TEXT    NOT NULL REFERENCES task_runs (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    id          TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    exit_code   INTEGER,
    attempts    INTEGER NOT NULL,
    message     TEXT    NOT NULL,
    started     REAL,
    ended       REAL,
    peak_memory INTEGER NOT NULL,
    cpu         REAL    NOT NULL,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE task_images (
    run        TEXT NOT NULL REFERENCES task_runs (id) ON DELETE CASCADE,
    registry   TEXT NOT NULL,
    repository TEXT NOT NULL,
    tag        TEXT NOT NULL,
    digest     TEXT NOT NULL,
    UNIQUE (run, registry, repository, tag)
) STRICT;

-- AUTOINCREMENT: a follower keeps the last sequence it saw, so none may come twice after a prune.
-- block is UTF-8 text, compressed (RFC 1950); lines counts its line ends.
CREATE TABLE task_log (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    run      TEXT    NOT NULL REFERENCES task_runs (id) ON DELETE CASCADE,
    step     INTEGER NOT NULL,
    time     REAL    NOT NULL,
    lines    INTEGER NOT NULL,
    block    BLOB    NOT NULL
) STRICT;
-- SQLite ends each index entry with the row's key: this one serves "of this run, after that block".
CREATE INDEX task_log_by_run ON task_log (run);

-- When something of a resource was put right that was right before: too often is a reason to stop.
CREATE TABLE mendings (
    project TEXT NOT NULL,
    address TEXT NOT NULL,
    time REAL NOT NULL
) STRICT;
CREATE INDEX mendings_by_time ON mendings (project, time);

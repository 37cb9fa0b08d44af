-- What the builds of a run have built on: images by the names in their Dockerfiles.
CREATE TABLE task_bases (
    run    TEXT NOT NULL REFERENCES task_runs (id) ON DELETE CASCADE,
    image  TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (run, image)
) STRICT, WITHOUT ROWID;

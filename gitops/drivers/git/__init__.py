"""Git remotes as build sources: what they have, a mirror of each, and the files of commits."""

"""Files that a run works on, wherever they come from: a folder, git, a tarball, standard input."""

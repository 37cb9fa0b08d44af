"""Runs of tasks on the command line: what is given to them, how they are shown, done again."""

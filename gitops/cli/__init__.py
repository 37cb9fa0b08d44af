"""One module a command, one function each: read what was asked, call the pipeline, show the answer.

A command's module is imported when that command runs, and a library when it is needed, so that
`gitops --help` and a look at what is in sync are quick.
"""

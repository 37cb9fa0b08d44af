"""What things are: frozen values with no behaviour beyond their own meaning.

Every other layer imports this one and it imports nothing but the standard library, and semver where
versions are compared. A record is a `NamedTuple`: it is frozen, it costs a sixth of a dataclass to
define (the command line starts in milliseconds), and it compares by value. No I/O happens here and
no clock is read.
"""

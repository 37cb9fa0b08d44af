"""Makes the concrete drivers and the store, and hands them to the pipeline as protocols.

What changes an engine is made when it is first asked for: the libraries that it stands on take
longer to load than a whole look at an engine that is in sync.
"""

"""Text in, bundle out: reads the user's files and says exactly where they are wrong.

In: YAML files and Jinja2 templates. Out: `gitops.model.bundle.Loaded`, with a bundle when nothing
is wrong and with every finding in either case. Only `load` touches files; nothing here touches the
network, the clock or the engine. The fast path (everything is right) loads neither Jinja2 nor the
explaining validator.
"""

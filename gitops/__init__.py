"""gitops-reconciler: makes a Docker engine match YAML specs of registries, builds and web apps."""

__version__ = "0.1.0"

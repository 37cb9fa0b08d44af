"""OCI registries: tags and manifests, documents beside an image, and how base images move.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

"""What builds an image: BuildKit through a docker CLI, or the engine's own builder."""

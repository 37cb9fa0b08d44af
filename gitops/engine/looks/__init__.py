"""Looks: at sources, engines, gateways and registries, before anything is decided. Reads only."""

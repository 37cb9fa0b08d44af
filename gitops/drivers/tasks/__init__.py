"""Containers, networks and volumes of a task's run, on a Docker engine."""

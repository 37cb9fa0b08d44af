"""Folders of this machine as build sources, less what `.dockerignore` leaves out."""

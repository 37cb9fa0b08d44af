"""How answers look: tables, pages, progress on a terminal and in a pipe, and data."""

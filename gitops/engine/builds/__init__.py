"""Images: built from sources, pushed, documented and remembered; by a plan's steps or by hand."""

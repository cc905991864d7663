"""A tab of the page for each task."""

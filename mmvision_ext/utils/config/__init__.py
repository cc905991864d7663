"""What can be told of a config before it is built, and where it was set."""

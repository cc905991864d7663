"""The runner, hooks and checkpoint handling."""

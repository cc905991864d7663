"""Pictures and charts: how results look, in one place."""

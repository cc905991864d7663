"""Registered model parts."""

"""Evaluation: pure functions, and metrics that feed them from a model."""

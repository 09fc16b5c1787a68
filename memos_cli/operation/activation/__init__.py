"""Activation memory: a model's states on disk, kept as slots."""

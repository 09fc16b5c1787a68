"""Implementations of the ports. No module imports a backend: `plugins` resolves its name."""

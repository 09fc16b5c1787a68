"""Blocks of what matters, for a model of whatever program: what fits a question, and the standing profile."""

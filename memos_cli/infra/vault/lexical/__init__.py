"""Candidates by words in a large cube."""

"""Many memories written at once."""

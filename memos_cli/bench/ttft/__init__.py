"""The time to the first token, with and without a slot."""

"""Questions about conversations, and how many answers are right."""

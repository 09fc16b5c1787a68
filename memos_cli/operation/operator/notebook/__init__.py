"""Notes of a notebook: how they link to each other, and how exported memories come back as edits."""

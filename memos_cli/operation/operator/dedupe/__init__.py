"""Duplicates and conflicts: which memories say the same, or contradict each other, and what becomes of them."""

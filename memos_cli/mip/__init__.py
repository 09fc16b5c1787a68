"""MIP, the memory interchange format: its lines, and what they are for memories."""

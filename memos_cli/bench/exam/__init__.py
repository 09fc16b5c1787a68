"""The exam of a model at length: every layout with every question."""

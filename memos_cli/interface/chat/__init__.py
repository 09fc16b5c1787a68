"""Converse: one message in, one answer out, and the conversation kept."""

"""Converse: one message, one answer, and the conversation saved."""

"""Formats of text that become drafts."""

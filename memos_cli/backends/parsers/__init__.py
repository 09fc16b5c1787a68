"""Parsers: formats of text that become drafts."""

"""Passphrases, and cube files that are signed and encrypted."""

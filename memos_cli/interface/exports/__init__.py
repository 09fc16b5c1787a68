"""Exports: memories in formats that other programs read."""

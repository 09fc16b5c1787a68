"""Importers: what other programs wrote, a module for each kind."""

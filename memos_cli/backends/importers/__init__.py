"""Importers: what other programs wrote, as drafts."""

"""Consolidation, measured: lives to learn, and what is reported of them."""

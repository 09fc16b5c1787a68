"""Cubes that move between machines and people: export, import, verify, merge, split, sign and seal."""

"""Poisonings: what agents and files plant in a memory, and whether any of it reaches an answer."""

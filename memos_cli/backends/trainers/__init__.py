"""Trainers: what makes adapters."""

"""Trainers of adapters."""

"""Benchmarks: memos measured on given or generated material, through the same flows as its commands."""

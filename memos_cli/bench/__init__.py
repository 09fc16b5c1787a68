"""Benchmarks: what memos does on given or generated material, measured through the same flows as its commands."""

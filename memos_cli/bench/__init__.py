"""Benchmarks: what memos does on material that somebody brings, measured through the flows that its commands take."""

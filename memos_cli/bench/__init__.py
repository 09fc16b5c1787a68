"""Benchmarks: what memos does on material that is brought or made up, measured through the flows that its commands take."""

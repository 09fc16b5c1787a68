"""Embedders: two runtimes that turn text into vectors with one set of weights, and the search for the weights."""

"""Text to vectors: two runtimes for one set of weights, and where the weights come from."""

"""The chat template that a model brings: how it is applied, and tried before."""

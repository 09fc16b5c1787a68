"""The prompt: its layout, and the request that a model is sent."""

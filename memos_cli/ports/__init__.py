"""Ports: Protocols that say what is asked of a backend, a module for models and texts, for trainers and for importers."""

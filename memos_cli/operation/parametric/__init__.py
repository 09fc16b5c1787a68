"""Parametric memory: LoRA adapters that a model learns from memories."""

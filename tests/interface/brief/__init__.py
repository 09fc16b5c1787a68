"""Tests of blocks for the prompts of any model."""

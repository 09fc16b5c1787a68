"""MemGovernance: who may see and change what, and which texts are secret."""

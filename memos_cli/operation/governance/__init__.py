"""MemGovernance: principals and rules of access."""

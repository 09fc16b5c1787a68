"""MemGovernance: principals, rules of access, the audit."""

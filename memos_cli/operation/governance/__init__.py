"""MemGovernance: principals, rules, the audit."""

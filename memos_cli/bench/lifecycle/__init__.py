"""A generated year under a policy: which archived memories were needed later."""

"""A made-up year, lived through: what the policy archived that was needed later."""

"""How well the scheduler foresees which memories come next."""

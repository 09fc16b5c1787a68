"""How well the scheduler predicts which memories are recalled next."""

"""MemOperator: reading, finding, ranking and placing memories."""

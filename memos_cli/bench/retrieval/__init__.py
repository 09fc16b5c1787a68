"""`bench retrieval`: how much of the evidence a search finds, when it finds nothing, and what its scores are worth."""

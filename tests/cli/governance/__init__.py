"""Acting as somebody else: what is hidden does not exist, and nobody changes what is not theirs to change."""

"""What other programs exported becomes memories, once, however often it is brought in."""

"""What a person writes to name a memory."""

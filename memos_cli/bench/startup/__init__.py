"""What commands cost from their start to their end."""

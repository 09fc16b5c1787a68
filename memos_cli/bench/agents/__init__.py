"""What a server for agents costs its clients, beside others."""

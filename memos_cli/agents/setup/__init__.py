"""The settings of the clients that speak to agents: what memos writes there, and takes back."""

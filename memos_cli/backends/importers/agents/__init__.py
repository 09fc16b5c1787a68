"""The talks with agents: the sessions that they append to files, a JSON object a line."""

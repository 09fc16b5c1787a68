"""Agents: the door for programs that work for a person, under the same rules as the command line."""

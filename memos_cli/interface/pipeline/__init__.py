"""Memory Pipeline: the flows that write, each in one transaction."""

"""Memory Pipeline: the flows that write, each one transaction."""

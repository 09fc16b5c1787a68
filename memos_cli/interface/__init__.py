"""Interface layer: the façade, the flows that write, what comes in and what goes out."""

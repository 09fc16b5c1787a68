"""Interface layer: the façade, the flows that write, and the ways in and out of a home: reader, chat and cube files."""

"""Operation layer: what memories mean for each other, and how they are found."""

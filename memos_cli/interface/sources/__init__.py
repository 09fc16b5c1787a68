"""Files as sources: which files are meant by what a person names, and what a file is by its content."""

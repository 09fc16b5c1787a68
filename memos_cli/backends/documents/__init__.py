"""Documents (PDF, Word files, web pages, …) as text."""

"""Words as the full-text index and a query of it have them: cut, folded, stemmed, and the language they are in."""

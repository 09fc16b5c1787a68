"""What ranking reads of the few candidates of a search: their rows, the turns beside them, and where the words occur."""

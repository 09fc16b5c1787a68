"""MemVault: one cube as a SQLite file: its log, the tables folded from the log, their indexes, and the reads of them."""

"""MemScheduler: which memory goes in which form, and what is needed next."""

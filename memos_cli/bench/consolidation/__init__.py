"""`memos bench consolidation`: what a model learns of one person, what it forgets of others, and what is left after a purge."""

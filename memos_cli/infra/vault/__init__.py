"""MemVault: a cube in SQLite. SQL lives in this folder and nowhere else."""

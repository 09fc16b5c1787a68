"""Rules of access in a cube."""

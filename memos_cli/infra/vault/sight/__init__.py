"""What somebody who is not the cube's owner sees of a cube, enforced in SQLite itself."""

"""MemLoader and MemDumper: a cube to a cube file, a cube file to a cube, and the merge of two cubes."""

"""A log that an older memos poisoned, mended so that a cube file can carry it; and what a merge takes over of that."""

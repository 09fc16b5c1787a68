"""Views of the log: versions, undo, rollback, snapshots, differences."""

"""Questions over made-up persons, written by hand before the code was looked at, and how they are graded."""

"""What lies under the operations: storage, files, rules."""

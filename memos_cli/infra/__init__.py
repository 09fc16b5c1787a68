"""Infrastructure layer: storage, files, encryption and access rules."""

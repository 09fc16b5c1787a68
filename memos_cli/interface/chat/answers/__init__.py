"""What a model answered, held against the memories of its prompt: the parts of `guards`."""

"""Text files to pieces: cut into ranges, parsed, their rows counted."""

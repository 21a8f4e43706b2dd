"""One manifest from its first part to its last answer."""

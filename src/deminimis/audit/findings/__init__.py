"""Patterns that a reviewer looks at: each with its definition, its numbers and its rows; none changes an answer."""

"""Batches to files that appear whole or not at all."""

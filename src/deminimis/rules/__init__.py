"""Dated limits with their citations."""

"""Known feeds: which column plays which role."""

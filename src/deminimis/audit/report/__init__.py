"""The report of an audit: one page that stands by itself, made of what the public functions answer."""

"""Sheets of Excel and OpenDocument workbooks, read by python-calamine (the extra `excel`)."""

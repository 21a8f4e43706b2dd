"""Fault injection: each allocation, read, write, fsync, rename and thread start of a fixed set of jobs fails once."""

"""What is tried so that a mask can be trusted: sanitizers, threads, faults, mutated files, signals, a second oracle.

Each is a program (`python -m tests.trust.NAME --help`) behind a target of the Makefile; docs/trust.md has the table.
"""

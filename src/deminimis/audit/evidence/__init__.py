"""What is needed to run a scoring again, with the hashes of what went in and came out; and the check that it holds."""

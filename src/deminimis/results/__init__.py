"""What the caller gets: columns of answers, scored, written, summed up."""

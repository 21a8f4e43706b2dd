"""Files of the right schema, changed at random: each is refused, or gives the mask of what pyarrow reads of it."""

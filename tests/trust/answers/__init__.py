"""A second oracle: tables of known truth, drawn in bulk, through every way that rows can take to their answers."""

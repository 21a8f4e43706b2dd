"""Tables of totals: what they say of themselves, how they merge, and what their groups are called."""

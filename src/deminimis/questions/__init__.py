"""Why a row, and what a run would do; decides nothing."""

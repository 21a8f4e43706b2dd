"""What input that nobody vouches for may cost, each bound by its name; README's "What is checked" tells them.

A bound is above what honest files have. What is not bounded here is read in pieces, within the memory limit.
"""

from __future__ import annotations

FOOTER_BYTES_MAX = 256 << 20
"""The footer of a Parquet or Arrow file; pyarrow holds it unpacked, for as long as the file is open."""

COLUMN_CHUNKS_MAX = 1_000_000
"""Row groups times columns of one Parquet file: each takes about a kilobyte once pyarrow has it."""

UNPACKED_BYTES_MAX = 1 << 30
UNPACKED_TIMES_MAX = 256
"""What one batch of a packed Arrow file or stream unpacks to: more than both, in bytes and in times its packed bytes,
is refused. Nothing else of Arrow takes more memory than it has bytes."""

PAGE_BYTES_MAX = 256 << 20
"""What a page of a Parquet file unpacks to: more than this, and than UNPACKED_TIMES_MAX times its bytes, is refused."""

CSV_HEADER_BYTES_MAX = 8 << 20
CSV_ROW_BYTES_MAX = 64 << 20
"""The first row of a CSV text, and any row, unpacked. A row is held several times while it is parsed."""

TOML_BYTES_MAX = 1 << 20
"""A file of a rule or of a feed; the shipped ones have some kilobytes."""

COUNTS_MOST = 1_000_000
"""Lines of a table of counts, each of which is held."""

MESSAGE_CHARACTERS_MAX = 8_000
NAMES_LISTED_MAX = 40
NAMES_COMPARED_MAX = 2_000
"""An error's message; the columns that it lists, and those among which a near one is looked for."""

"""The sizes at which work is divided: one frozen value, handed to runs and sources. Any sizes give the same answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Rows and bytes at which a run or a source does its work otherwise, and whether it does.

    Parameters
    ----------
    rows_for_one_worker : int
        Up to so many rows one worker is faster than several.
    slice_rows : int
        Rows of a large batch that a worker takes at a time; a multiple of 64, so that mask bits come in whole words.
    group_rows_least : int
        The fewest rows that are read between two looks at the days that were seen, where their order is a promise.
    epoch_rows_a_thread : int
        Rows that each worker reads of an epoch at least, where statistics tell the days. From two such epochs on, they
        are released though memory would hold all: a record's memory that was used before is faster than new memory.
    counted_rows : int
        The groups of so many rows that are open together are counted, those of more estimated, for the mask alone.
    hot_rows : int
        A partition of fewer records is never worth all threads.
    whole_bytes : int
        A partition of at most so many spilled bytes is read back once; a larger one is read anew for each step.
    extent_bytes : int
        What is written to disk, and read back, at a time.
    piece_rows_least, piece_rows_most : int
        Rows that a piece of a Parquet file has at least and at most, where row groups allow it; the latter also of a
        table in memory.
    whole_file_bytes : int
        Parquet files of at most so many bytes are decoded whole first, also the columns that nobody asked for, so that
        no damage is missed.
    decodes_pages : bool
        Columns of Parquet files are decoded here where they can be, else all by pyarrow.
    joined_rows_most : int
        Several row groups of at most so many rows, on average, are left to pyarrow, which joins them.
    range_bytes : int
        What of a large CSV file is one piece.
    window_bytes : int
        What of it is looked at, at a time, for a row's start.
    block_bytes : int
        What of a text that is read from start to end is held at a time.
    kernel_bytes_most : int
        CSV text of at most so many bytes is read by the kernel, where it can prove what it reads; a longer one, and
        with 0 all, by pyarrow. Offsets of views have 31 bits.
    """

    rows_for_one_worker: int = 131_072
    slice_rows: int = 1 << 18
    group_rows_least: int = 1 << 10
    epoch_rows_a_thread: int = 750_000
    counted_rows: int = 1 << 15
    hot_rows: int = 1 << 18
    whole_bytes: int = 64 << 20
    extent_bytes: int = 4 << 20
    piece_rows_least: int = 65_536
    piece_rows_most: int = 1 << 20
    whole_file_bytes: int = 128 << 10
    decodes_pages: bool = True
    joined_rows_most: int = 4_096
    range_bytes: int = 4 << 20
    window_bytes: int = 64 << 10
    block_bytes: int = 8 << 20
    kernel_bytes_most: int = 1 << 30


USUAL = Sizes()
"""What every run and source takes where nothing else is said."""

"""The native code: Arrow capsules in, bits and totals out. Every class is used by one thread at a time, except
Settings and Batch, which do not change once made. Calls over rows release the GIL.
"""

from collections.abc import Callable
from typing import Any, Self, TypeAlias, final

import numpy as np
import numpy.typing as npt
from typing_extensions import disjoint_base

_Bytes: TypeAlias = npt.NDArray[np.uint8]
"""Any writable buffer of bytes will do."""
_Content: TypeAlias = bytes | memoryview | _Bytes
"""Any buffer of bytes will do."""

LAYOUTS: dict[str, int]
STEPS: dict[str, int]
UNREAD: dict[str, int]
STEPS_MOST: int
WINDOWS: dict[str, int]
BAD_VALUES: dict[str, int]
SECRET_LENGTH: int
RECORD_BYTES: int
WIDE_RECORD_BYTES: int
OUTCOME_BYTES: int
LEAD_BYTES: int
TELLING_BYTES: int
STEP_ADD: int
STEP_PROVE: int
STEP_ADD_OPEN: int
STEP_SETTLE: int
NOT_IN_FORCE_INDEX: int
KEY_COLUMNS: int
LEVEL: str
MOST_RANK: int
FAILURES: dict[str, tuple[int, type[Exception], str]]
live: int

def fail(status: int, told: tuple[object, ...] = ()) -> int:
    """Raise the exception of a status, with its text or with what is told in place of it."""

def release_memory() -> None:
    """Give the memory that is kept for the next run back to the system."""

@final
class Spares:
    """Memory that was used and is kept for the next use, so that the system need not clear it anew; it goes with the
    last that holds this. Any thread may use it, one at a time."""

    def __new__(cls) -> Self: ...

@final
class Views:
    """What holds the memory of the arrays that `csv_views` gives; made by it alone."""

    def __new__(cls, text: object, n: int, spares: Spares) -> Self: ...

def csv_views(
    text: object, end: int, delimiter: int, columns: int, wanted: tuple[int, ...], spares: Spares
) -> object | None:
    """Read the first `end` bytes of CSV text, from a row's start to a row's end, as far as pyarrow's parser would see
    the same.

    Parameters
    ----------
    text : buffer
        Of UTF-8, with 16 bytes behind `end`; less than 2 GiB. It is held as long as an array that was made of it.
    delimiter : int
        A byte of ASCII, no quote and no line break.
    columns : int
        The cells of each row.
    wanted : tuple of int
        Those that become columns.
    spares : Spares
        Where the views lie until the last array that was made of them is gone.

    Returns
    -------
    capsule or None
        Of an Arrow struct array of string views. None where a row has another number of cells, is empty, or has a quote
        or a return where none belongs, or the text is not UTF-8 or begins as its mark does: that is another parser's to
        read, or to refuse.
    """

def csv_marks(text: bytes, delimiter: int, plain: bool) -> tuple[int, int, int, int, int]:
    """The places of delimiters, line ends, quotes, returns and bytes beyond ASCII among 64 bytes, a bit for each, by
    the machine's widest instructions or by plain C."""

class DayOutsideError(Exception):
    """The day of a routed row lies outside the epochs that are open: its place in the batch, and the day."""

class ValueRefusedError(Exception):
    """A row has a bad value, with bad_values "error": its place in the batch."""

class KeyMissingError(Exception):
    """A row's key is none of the totals that were given: its place in the batch."""

class KeyTwiceError(Exception):
    """A key is there twice in the totals that were given: its place among those that were added."""

class TotalRefusedError(Exception):
    """A total is below 0, or beyond what any manifest comes to: its place among those that were added."""

class ManyPartiesError(Exception):
    """More parties tell of shipments than any manifest has."""

@final
class FormOfDays:
    """How the cells of a day column are written, and whose calendar day its instants fall on.

    Parameters
    ----------
    steps : list of (kind, byte, least, most, low, high)
        By which text is read; kinds are those of STEPS, `byte` is a literal's, a number has `least` to `most` digits
        and lies in [low, high]. Empty: ISO text, or instants.
    starts, offsets, cycle_from
        As `zones.Clock` has them; no bytes where instants follow no zone.
    """

    def __new__(
        cls, *, steps: list[tuple[int, int, int, int, int, int]], starts: bytes, offsets: bytes, cycle_from: int
    ) -> Self: ...
    def day_of(self, text: bytes) -> int | None:
        """The day of one cell in days since 1970-01-01, read by the steps."""

@final
class FormOfMoney:
    """How amounts that are text are written.

    Parameters
    ----------
    decimal : bytes
        The byte between whole units and their parts.
    thousands : list of bytes
        Signs between groups of three digits, each as good as any other.
    currency_signs : bool
        Whether currencies may stand before and behind the number, and brackets or a minus behind it say negative.
    currencies : list of bytes
        The longest first; case does not matter.
    """

    def __new__(
        cls, *, decimal: bytes, thousands: list[bytes], currency_signs: bool, currencies: list[bytes]
    ) -> Self: ...
    def units_of(self, text: bytes) -> int | None:
        """The amount of one cell in units; None for a bad value."""

@final
class Settings:
    """What the rows of one manifest mean.

    Parameters
    ----------
    columns : list of (layout, index_layout, param)
        The columns that batches show, and how each is read; `index_layout` is 0 for a column without a dictionary.
    persons : list of list of int
        The parts of the person, the first of which is the name: each the places in `columns` of those of which the
        first that is present is taken.
    per : list of int
        Places in `columns`; so are `day`, `value`, `quantity`, `excluded`, `currency` and `entered`, where
        -1 is none.
    exact : bool
        The person is one fixed-width column, so its key is a bijection rather than a fingerprint.
    limits : list of int
        The limits in units of 1/10,000, ascending.
    row_limits, row_counts : list of int, list of bool
        By limit, what a row may come to by itself (2**63 - 1: anything), and whether one above it counts.
    gated : bool
        The rule has a gate, so that rows near one are counted.
    schedule : bytes
        An index into `limits` for each (class, day), 255 where nothing is in force; empty: one limit for all.
    steady : bytes
        int32 for each day of the schedule: the last of the days from it on that are all like it.
    scopes : list of (column, classes, unknown, other, is_country, codes)
        Of origin, sender and kind: its column; the number of its classes, the last of which vary least in those of the
        schedule; that of what is missing or not known; that of a country which no step names; and codes by class.
    assigned : bytes
        A bit for each pair of letters (AA is 0, AB 1, BA 26), in 11 uint64: set where it is a country's code.
    fold : callable, optional
        Person texts are folded before they are compared: ASCII by the kernel, the bytes of other text by this.
    day_form : FormOfDays, optional
        Where a pattern or a zone has a say in the day; `gate_form` the same of `entered`.
    money_form : FormOfMoney, optional
        Where values and quantities that are text have other signs.
    secret : bytes
        SECRET_LENGTH bytes that key identities.
    groups, named, digested : bool
        Rows become `Groups`, which may keep the numbers of their first rows; a digest of all rows is taken.
    copies : bool
        Each batch is told which of its rows are copies.
    tellings : bool
        Rows become `Tellings`; `shipment`, `party`, `version`, `line` and `cancelled` are places in `columns`.
    """

    columns: list[tuple[int, int, int]]
    def __new__(
        cls,
        *,
        columns: list[tuple[int, int, int]],
        persons: list[list[int]],
        per: list[int],
        exact: bool,
        day: int,
        value: int,
        quantity: int,
        excluded: int,
        currency: int,
        entered: int,
        gated: bool,
        currency_code: bytes,
        window: str,
        bad_values: str,
        count_excluded: bool,
        outcomes: bool,
        excess: bool,
        tally: bool,
        limits: list[int],
        row_limits: list[int],
        row_counts: list[bool],
        schedule: bytes,
        steady: bytes,
        n_days: int,
        day_first: int,
        scopes: list[tuple[int, int, int, int, bool, dict[bytes, int]]],
        assigned: bytes,
        placeholders: list[bytes],
        fold: Callable[[bytes], bytes] | None,
        day_form: FormOfDays | None,
        gate_form: FormOfDays | None,
        money_form: FormOfMoney | None,
        secret: bytes,
        groups: bool = False,
        named: bool = False,
        digested: bool = False,
        copies: bool = False,
        tellings: bool = False,
        shipment: int = -1,
        party: int = -1,
        version: int = -1,
        line: int = -1,
        cancelled: int = -1,
    ) -> Self: ...
    @property
    def groups(self) -> bool:
        """Whether records become the table of groups, and no row is answered."""
    @property
    def named(self) -> bool:
        """Whether groups keep the number of their first row rather than their whole identity."""
    @property
    def wide(self) -> bool:
        """Whether records are wide: with outcomes, with overflow "excess", or a limit is too large for narrow ones."""
    @property
    def outcomes(self) -> bool:
        """Whether records become outcomes, as reasons and totals are asked for, rather than bits of the mask."""
    @property
    def excess(self) -> bool:
        """Whether the rows of a total over the limit are accepted in row order while it lasts."""
    @property
    def can_take_day_sketch(self) -> bool:
        """Whether rows with these settings can be read with a `DaySketch`."""

@final
class Batch:
    """One Arrow struct array, taken over from its capsule and released once when this is freed.

    Parameters
    ----------
    capsule : PyCapsule or None
        Named "arrow_array".
    places : list of int
        For each column of `settings`, its place among the array's children.
    before : Batch, optional
        Where all dictionaries are those of that one, in the same memory, what is known of their entries is too.
    rows : int, optional
        Of all batches that may have these dictionaries: from as many rows as entries on, each entry is read once.

    Raises
    ------
    ValueError
        Where the array does not have what its schema promised.
    """

    length: int
    def __new__(
        cls, capsule: Any, settings: Settings, places: list[int], before: Batch | None = None, rows: int = 0
    ) -> Self: ...
    def tell_copies(self, bits: _Content, first: int) -> None:
        """Tell which rows are copies: bit `first` of `bits` is that of row 0. Told again, it is the same."""

@final
class Stream:
    """An Arrow C stream, taken over from its capsule (named "arrow_array_stream")."""

    def __new__(cls, capsule: Any) -> Self: ...
    def schema(self) -> Any:
        """A capsule named "arrow_schema"."""
    def next(self, settings: Settings, places: list[int]) -> Batch | None:
        """The next batch, None at the end.

        Raises
        ------
        OSError
            With the producer's message.
        """

    def hand_on(self) -> Any:
        """A capsule that owns the stream from now on; this object is done."""

@disjoint_base
class Partitioner:
    """One worker's rows as records in partitions, and its way back from answers to rows.

    Parameters
    ----------
    partition_bits : int
        Each slot has 2**partition_bits partitions: slot s those from s << partition_bits on.
    block_bytes : int
        A power of two from 2048 to 65536.
    slots : int
        Epochs that may be open at a time; 1 for a run that is not routed.
    sketch : DaySketch, optional
        Rows come in the order of their days: they are not scattered, and answered by a `Proof` instead of `Totals`.

    Attributes
    ----------
    latest_day : int
        The latest day of the rows that were routed, in days since 1970-01-01; -2**31 where none had a day.
    rows : int
        Rows that were added.
    """

    slots: int
    latest_day: int
    partition_bits: int
    rows: int
    sketch: DaySketch | None
    def __new__(
        cls,
        settings: Settings,
        partition_bits: int,
        block_bytes: int = ...,
        slots: int = ...,
        sketch: DaySketch | None = None,
    ) -> Self: ...
    def route(self, day_low: int, day_mid: int, day_high: int, slot_now: int, slot_next: int) -> None:
        """From the next `add` on, days of [day_low, day_mid) go to `slot_now`, of [day_mid, day_high] to the next."""
    def add(self, batch: Batch, start: int, stop: int, first_row: int) -> None:
        """Partition the rows [start, stop) of a batch.

        Parameters
        ----------
        first_row : int
            A number for the row `start`; rows of one manifest are ordered by these, and each worker adds in order.

        Raises
        ------
        MemoryError, ValueError, DayOutsideError, ValueRefusedError
            As `FAILURES` says; ValueError: a dictionary index lies outside its dictionary. What `fold` raises comes out
            as it is. The partitioner is of no further use then.
        """
    def settle(self, slot: int) -> None:
        """End of a slot's rows: bring its records into their blocks, and make room for the answers."""
    def drop_records(self, slot: int) -> None:
        """Free a slot's records, for the next epoch. Bits stay, outcomes do not."""
    def answer(self, rows: int, mask: _Bytes) -> None:
        """Write the mask bits of the next `rows` rows, in the order they were added, from bit 0 of `mask` on.

        Not for outcomes, which `answer_all` is for.
        """
    def answer_all(
        self, row: int, rows: int, mask: _Bytes, reasons: _Bytes, totals: _Bytes, known: _Bytes
    ) -> tuple[int, int]:
        """Of outcomes, write bits, reason codes (uint8), totals (16-byte little-endian units) and validity bits.

        Parameters
        ----------
        row : int
            Of the next `rows` rows, how many are written already: 0, or what the last call returned.

        Returns
        -------
        row, wanted : int
            The number of rows written by now; where that is below `rows`, outcomes of the partition `wanted` have to
            be brought back first.
        """
    def bring_outcomes(self, p: int, outcomes: _Bytes) -> None:
        """Give back the oldest outcomes of partition p that are on disk; it has none in memory that came from there."""
    @property
    def counts(self) -> tuple[list[int], int, int]:
        """Rows by their own status (plain, no person, no day, not in force, bad value, excluded, over the limit of a
        row, copy), known units, and of narrow records the units of plain rows, capped just above the largest limit."""
    @property
    def registers(self) -> bytes:
        """What was seen of the groups so far, as the highest rank by register; empty where groups are counted, or not
        asked for."""
    @property
    def digest(self) -> int:
        """A sum of what all rows say, whatever their order, where it is taken; add those of all workers, 64 bits."""
    @property
    def incomplete(self) -> tuple[int, int]:
        """Rows whose person has no first part but another one, and rows that have a person but not every `per`."""
    @property
    def days(self) -> tuple[int, int] | None:
        """The first and last day of the rows that have one, in days since 1970-01-01; only where rows are tallied."""

@final
class DaySketch:
    """One worker's cells, by day, for rows that come in the order of their days.

    Parameters
    ----------
    day_base : int
        The first of the 8,190 days, in days since 1970-01-01, that may have cells of their own. All others share some.
    cell_bits : int
        Each has 2**cell_bits cells of one byte; from 6 to 19.
    most_days : int
        How many days have cells of their own at most.
    """

    def __new__(cls, settings: Settings, day_base: int, cell_bits: int, most_days: int) -> Self: ...

@final
class Proof:
    """What the sketches of all workers prove of their rows, and the way of the other rows, the suspects, to totals.

    First `add_up` of all days, then `prove` of each worker, then totals of the suspects, then `fill` of each worker;
    the workers' rows can be answered then.

    Attributes
    ----------
    places : int
        Place 0 is that of the days without cells of their own, place 1 that of `day_base`, and so on to the last of
        which rows were seen.
    """

    places: int
    def __new__(cls, settings: Settings, sketches: list[DaySketch]) -> Self: ...
    def add_up(self, first: int, last: int) -> None:
        """Add up the cells of all workers of the days at the places [first, last)."""
    def count_open(self, read: Partitioner) -> int:
        """About how many of a worker's rows will be scattered, by a sample of them; before `prove`."""
    def prove(self, read: Partitioner, suspects: Partitioner, batch: Batch, start: int, stop: int) -> None:
        """Prove the next rows of one worker, which came from [start, stop) of this batch, and scatter the suspects.

        Raises
        ------
        MemoryError
        """
    def fill(self, read: Partitioner, suspects: Partitioner) -> None:
        """Take over the answers of the suspects, which are settled and totalled."""

@final
class Totals:
    """One thread's tables for totals.

    Attributes
    ----------
    uncounted : bool
        Whether the groups of some partitions were not counted.
    """

    uncounted: bool
    def __new__(cls, settings: Settings, partitioners: list[Partitioner]) -> Self: ...
    def run(self, first: int, last: int) -> None:
        """Answer all records of the partitions [first, last) of all partitioners; none of them is on disk.

        Raises
        ------
        MemoryError
        """
    def count_exactly(self, exact: bool) -> None:
        """Count groups, at the price of a slot for each, or leave it to the registers. Outcomes always count them."""
    def rows(self, p: int) -> int:
        """The records of partition p, of all workers."""
    def spilled(self, p: int) -> list[int]:
        """The records of partition p that are on disk, by worker."""
    @property
    def steps(self) -> list[int]:
        """The steps that a partition takes, in order: all to bits, ADD and SETTLE to outcomes; with overflow "excess"
        `merge` settles."""
    def start(self, p: int) -> None:
        """Begin a partition that is partly on disk."""
    def step(
        self, number: int, worker: int, p: int, first: int, records: _Bytes | None, tables: Totals | None = None
    ) -> None:
        """Take records through a step; all records of the partition take one before any takes the next.

        The last step to outcomes writes that of each record over its first 16 bytes.

        Parameters
        ----------
        first : int
            The place of the first of these records among those of the worker in the partition.
        records : array or None
            Whole blocks that were on disk; None: the worker's records in memory, after all of those on disk.
        tables : Totals, optional
            Whose tables are read in PROVE and SETTLE of narrow records, where several threads share a partition.
        """
    def add_cells(self, other: Totals) -> None:
        """After ADD of a partition of narrow records that several threads share, add another thread's cells."""
    def add_slots(self, other: Totals) -> None:
        """After ADD_OPEN, add another thread's slots.

        Raises
        ------
        MemoryError
        """
    def load(self, worker: int, records: _Bytes, more: bool) -> None:
        """Give the next records of a worker that were on disk to `merge`; `more`: others follow them."""
    def merge(self, p: int) -> int:
        """Settle wide records in the order of their rows, after all steps, where answers depend on that order.

        Returns the worker whose loaded records are all settled and that wants the next, or -1 at the end.
        """
    def count_groups(self) -> None:
        """After all steps but that of `merge`: count the partition's groups."""
    @property
    def counts(self) -> tuple[int, int, int, int, int]:
        """Rows that are eligible, over the limit, unproven; groups (see `uncounted`); eligible units.

        Of narrow records the units are below 0: what is to be taken from those of plain rows (`Partitioner.counts`).
        """

@final
class Groups:
    """One thread's table of groups, filled partition by partition and written as columns."""

    def __new__(cls, settings: Settings, partitioners: list[Partitioner]) -> Self: ...
    def rows(self, p: int) -> int:
        """The records of partition p, of all workers."""
    def start(self, p: int) -> None:
        """Begin a partition; the groups of those before it stay until they are written.

        Raises
        ------
        MemoryError
        """
    def add(self, worker: int, p: int, records: _Bytes | None) -> None:
        """Add a worker's records that were on disk, or those in memory, to their groups.

        Raises
        ------
        MemoryError
        """
    def select(self, least_totals: list[int], or_bad: bool) -> int:
        """Keep the groups whose total is at least that of their least limit, in the order of limits, or that have bad
        rows where these are asked for; how many there are."""
    def write(
        self,
        keys: _Bytes,
        days: _Bytes,
        numbers: _Bytes,
        totals: _Bytes,
        rows: _Bytes,
        bad: _Bytes,
        excluded: _Bytes,
        least: _Bytes,
        largest: _Bytes,
        over: _Bytes,
    ) -> None:
        """Write what was selected, and begin anew: of each group its key (16 bytes) and first day (int32), or where
        groups are named the number of its first row (int64); its total (16 bytes); rows, rows with a bad value that has
        a say, and excluded rows (int64); least and largest limit (16 bytes); and whether it is over the least, in bits
        of whole words."""

@final
class Tellings:
    """One thread's half of deciding which rows are copies, partition by partition.

    Parameters
    ----------
    places : list of list of int
        By worker, the place of each of its parties in the order of all.
    turns : list of int
        By place, whose turn comes first; between parties of one turn the largest telling counts.
    """

    def __new__(
        cls, settings: Settings, partitioners: list[Partitioner], places: list[list[int]], turns: list[int]
    ) -> Self: ...
    def rows(self, p: int) -> int:
        """The records of partition p, of all workers."""
    def start(self, p: int) -> None:
        """Begin a partition.

        Raises
        ------
        MemoryError
        """
    def add(self, worker: int, p: int, records: _Content | None) -> None:
        """Add a worker's records that were on disk, or those in memory."""
    def decide(self) -> int:
        """Find the copies among all rows that were added: how many there are."""
    def mark(self, firsts: npt.NDArray[np.int64], shift: int, bits: _Bytes) -> None:
        """Set the bits of the copies that were found; a part's first row lies at `firsts`, and a row's number has its
        part above `shift` bits."""
    @property
    def whys_counted(self) -> tuple[int, int, int, int]:
        """Copies so far, for a cancellation, a later version, a line that is there twice, and another party."""

def parties_of(one: Partitioner) -> list[tuple[bytes, int]]:
    """The parties that a worker met: their names, of which 64 bytes are kept, and what tells them apart. The first is
    that of rows which name none."""

@final
class Given:
    """Totals that were given, by their keys; read-only once all are added.

    Parameters
    ----------
    complete : bool
        Whether a row whose key is not there is an error; else its group is within its limits.
    """

    complete: bool
    def __new__(cls, complete: bool) -> Self: ...
    def __len__(self) -> int: ...
    def add(self, keys: _Bytes, totals: _Bytes, unproven: _Bytes) -> None:
        """Add groups: keys and totals of 16 bytes each, and a byte that is not 0 where the total is not proven.

        Raises
        ------
        MemoryError, KeyTwiceError, TotalRefusedError
        """

@final
class Judge(Partitioner):
    """A worker that answers rows by totals that were given, and keeps none.

    Parameters
    ----------
    settings : Settings
        With outcomes.

    Attributes
    ----------
    given : Given
        Set before the first row is judged.
    """

    given: Given
    def judge(
        self,
        batch: Batch,
        start: int,
        stop: int,
        first_row: int,
        mask: _Bytes,
        reasons: _Bytes,
        totals: _Bytes,
        known: _Bytes,
    ) -> None:
        """Answer the rows [start, stop) of a batch, as `answer_all` does.

        Raises
        ------
        MemoryError, ValueError, ValueRefusedError, KeyMissingError
        """
    @property
    def outcome_counts(self) -> tuple[int, int, int, int, int]:
        """As `Totals.counts` has them; groups are not counted."""

def keys_of(settings: Settings, batch: Batch, start: int, stop: int, keys: _Bytes, days: _Bytes, known: _Bytes) -> None:
    """The keys of rows [start, stop) as they leave the process: 16 bytes each, the first day of the window (int32), and
    a byte that says whether the row belongs to a group."""

def digest(views: Any) -> int:
    """XXH3-64 over a list of buffers, each seeded with the hash of the one before."""

def memory_in_use(one: Partitioner) -> int:
    """Bytes of blocks that hold records or words."""

def full_blocks(one: Partitioner, p: int) -> list[memoryview]:
    """The filled blocks of partition p in memory, oldest first; valid until they are dropped."""

def drop_full_blocks(one: Partitioner, p: int) -> None:
    """The filled blocks of p are on disk now."""

def full_trail(one: Partitioner) -> list[memoryview]:
    """The blocks of words that can go to disk, oldest first; valid until they are dropped."""

def drop_full_trail(one: Partitioner) -> None:
    """Those blocks are on disk now."""

def unread_cells(
    one: Partitioner,
) -> tuple[list[tuple[int, bytes, bytes, int, int, int, int, int]], list[int], int, list[int], int]:
    """The cells for which rows of a worker were refused, where rows are counted or a bad value stops the run.

    Returns
    -------
    cells : list of (role, shape, cell, length, layout, param, rows, first_row)
        The first cell of each shape: its first bytes, how long it is, the rows that have its shape, and the number of
        the first; `role` is one of UNREAD. Missing and blank cells have no shape.
    others : list of int
        By role, rows whose shape found no room.
    missing_excluded : int
        Rows that are excluded because nothing says that they are not.
    unknown : list of int
        Rows whose origin, sender or kind is missing or not known, where that decided their limit.
    near_gate : int
        Rows whose day stands in for that of the gate, and whose limit is another a day before or after.
    """

def gate_days(one: Partitioner) -> tuple[int, int] | None:
    """The first and last of the days that decided the step of the rule, as `Partitioner.days`."""

def thousands_seen(one: Partitioner) -> list[tuple[bool, bytes, int, int, int, int]]:
    """Of values, then of quantities: whether some decimal sign cannot be one of thousands; of those that may be, the
    first cell, its length, layout, rows, and the number of its row. Only the first rows of each run were looked at.
    """

def trail_before_gap(one: Partitioner) -> int:
    """Words in memory that are read before the first one on disk."""

def load_trail(one: Partitioner, view: _Bytes) -> None:
    """Bring the oldest words on disk back."""

def days_of(settings: Settings, batch: Batch) -> bytearray:
    """The day of every row, int32 in days since 1970-01-01; -2**31 where there is none."""

def facts_of(
    settings: Settings, batch: Batch, days: _Bytes, gates: _Bytes, units: _Bytes, limits: _Bytes, missing: _Bytes
) -> None:
    """What every row says by itself: its day and the day that decides its step (int32, -2**31 where there is none), its
    value in units (int64, below 0 for a bad value), the index of its limit (uint8, 255 for none in force), and a byte
    that says whether it names nobody."""

def identities(settings: Settings, batch: Batch, partition_bits: int) -> bytes:
    """The identity of every row, for tests: 16 bytes each, little-endian key (8), more (4) and partition (4).

    The identity of a row without a person or a day means nothing.
    """

def read_only(settings: Settings, batch: Batch) -> int:
    """Take every row through the stages before the scatter, for benches; the number of rows that stand plainly."""

PAGE_KINDS: dict[str, int]
PAGE_ENCODINGS: dict[str, int]
PAGE_FORMS: dict[str, int]

class TornPageError(Exception):
    """The bytes of a Parquet page do not say what its header says, or in another way than is read."""

def page_head(
    content: _Content,
) -> tuple[int, int, int, int, int, int, int, int, int, bool, int | None] | None:
    """The header that starts with these bytes, None where it breaks off.

    Its bytes, the kind of its page (-1 where a field of that kind is not there), what the page unpacks to, its bytes in
    the file, its values, their encoding, that of its levels, the bytes of its levels and of those of repetition,
    whether it is packed, and its checksum. What is not told is -1.
    """

def unpacked_size(codec: str, content: _Content) -> int:
    """What a page packed by "snappy" or "lz4_raw" unpacks to; -1 where it breaks off."""

def zstd_frame(content: _Content) -> tuple[int, int]:
    """The bytes of a Zstandard frame's header, 0 where the content is no single whole frame, and what it unpacks to,
    -1 where it does not tell."""

@final
class ColumnPages:
    """The rows of a column of a Parquet file, from pages that are handed in one after another.

    Parameters
    ----------
    kind : int
        One of PAGE_FORMS: how plain values of `source` bytes become values of `width` bytes. Plain values of bits and
        of text have a `source` of 0; text becomes views of 16 bytes, or stays an index of 4 into its dictionary.
    has_levels : bool
        Rows may be null.

    Attributes
    ----------
    left : int
        The rows of the page that are not read yet.
    entries : int
        Of the dictionary.
    """

    left: int
    entries: int
    def __new__(cls, *, kind: int, source: int, width: int, has_levels: bool) -> Self: ...
    def set_dictionary(self, content: _Content, entries: int) -> None:
        """Take a dictionary page. Raises TornPageError."""

    def entry_texts(self, offsets: _Content, texts: _Content) -> None:
        """Write the entries of a text dictionary as Arrow's offsets of 32 bits, and their bytes one after another."""

    def set_page(self, content: _Content, rows: int, encoding: int, levels: bytes | None = None) -> None:
        """Take a page of data, whose levels are in front of its values unless they are given. Raises TornPageError."""

    def read(self, out: _Content, bits: _Content, row: int, rows: int, number: int) -> tuple[int, int]:
        """Decode up to `rows` rows of the page to row `row` of `out` and, where rows may be null, of `bits`.

        Returns how many there were, and how many of these are null. `number` is that of the buffer which views point
        into: the page, or its dictionary where it has indices. `bits` are 0 at first. Raises TornPageError, after which
        the page is of no use.
        """

@final
class Footer:
    """What a Parquet footer says of its row groups and column chunks; none of it is true because it says so.

    Parameters
    ----------
    text : bytes
        The footer, in Thrift's compact protocol.
    most : int
        The most column chunks that are taken.

    Attributes
    ----------
    rows : int
        Of the whole file; -1 where it does not say.
    group_rows : list of int
        Of each row group.
    columns : int
        The column chunks of each row group; -1 where there is none.
    encrypted : set of int
        The columns of which some chunk is encrypted.

    Raises
    ------
    ValueError
        It breaks off, or its row groups differ in their columns.
    OverflowError
        It has more than `most` column chunks.
    """

    rows: int
    group_rows: list[int]
    columns: int
    encrypted: set[int]
    def __new__(cls, text: bytes, most: int) -> Self: ...
    def chunk(self, group: int, column: int) -> dict[int, Any]:
        """The fields of a chunk's metadata by their numbers in parquet.thrift; none where they are encrypted too."""

    def has_page_above(
        self, read: Callable[[int, int], bytes], groups: list[int], columns: list[int], most: int, times: int
    ) -> bool:
        """Whether a page of these chunks unpacks to more than `most` bytes and to more than `times` its own.

        `read` gives so many bytes of the file from a place on. A header that breaks off ends its chunk.
        """

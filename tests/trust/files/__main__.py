"""Change files at random and score them: `python -m tests.trust.files --files 1000000 --jobs 2`.

A child does one file after another and says which; where it dies or hangs, that file is bad, and a new child goes on.
Before that, files that were not changed have to be scored, and to be found wrong where a bit of their mask is turned.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import json
import os
import random
import resource
import secrets
import select
import subprocess
import sys
import tempfile
import time
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

import deminimis as dm
from deminimis.api import start_run
from deminimis.results.scored import mask_of
from deminimis.sizes import Sizes
from deminimis.sources.open import open_source

from .changes import changed
from .originals import Original, all_of

SECONDS_MOST = 120
MEMORY_MOST = 6 << 30
UNASKED = "histogram size mismatch"
"""What pyarrow says of a footer's statistics of levels, which are not looked at where pages are decoded here."""
MEMORY = (None, "1B", "64KiB")


def drawn(number: int, originals: list[Original]) -> tuple[Original, bytes, dict[str, Any]]:
    """The file of this number: what it was, its bytes, and how it is scored."""
    rng = random.Random(number)
    original = rng.choice(originals)
    same = [other.content for other in originals if other.name.split(".")[1:] == original.name.split(".")[1:]]
    options = original.options | {"memory_limit": rng.choice(MEMORY), "threads": rng.choice([1, 1, 2])}
    return original, changed(rng, original.content, same), options


def read_by_pyarrow(path: Path, content: bytes, columns: list[str], *, whole: bool) -> pa.Table:
    """What pyarrow reads of the columns, checked as far as it can where the `whole` file is."""
    if path.suffix == ".parquet":
        rows = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True).read(columns=columns)
    elif path.suffix in (".arrow", ".arrows"):
        try:
            make, schema = pa.ipc.open_file, pa.ipc.open_file(pa.py_buffer(content)).schema
        except pa.ArrowInvalid:
            make, schema = pa.ipc.open_stream, pa.ipc.open_stream(pa.py_buffer(content)).schema
        wanted = pa.ipc.IpcReadOptions(included_fields=[schema.get_field_index(name) for name in columns])
        rows = make(pa.py_buffer(content), options=wanted).read_all().select(columns)
    else:
        convert = pyarrow.csv.ConvertOptions(
            include_columns=columns, column_types=dict.fromkeys(columns, pa.binary()), strings_can_be_null=False
        )
        parse = pyarrow.csv.ParseOptions(newlines_in_values=True)
        if path.suffix == ".gz":
            text = gzip.decompress(content)  # pyarrow refuses zeros behind the last member, which gzip lets pass
        else:
            with pa.input_stream(str(path), compression="detect") as stream:
                text = stream.read()
        text += b"" if text.endswith(b"\n") else b"\n"  # pyarrow asks for it where there is a header alone
        rows = pyarrow.csv.read_csv(pa.BufferReader(text), convert_options=convert, parse_options=parse)
        rows = pa.table({name: rows[name].cast(pa.string()) for name in columns})
    for column in rows.itercolumns():
        for chunk in column.chunks:
            _bytes_of(chunk).validate(full=whole)
    return rows


def _bytes_of(chunk: pa.Array) -> pa.Array:
    """The chunk with its nulls counted anew, and text as the bytes that it is: whether it is UTF-8 is not looked at."""
    if pa.types.is_dictionary(chunk.type):
        _bytes_of(chunk.dictionary).validate(full=True)
        chunk = chunk.indices
    bare = {pa.string(): pa.binary(), pa.string_view(): pa.binary_view()}.get(chunk.type, chunk.type)
    return pa.Array.from_buffers(bare, len(chunk), chunk.buffers(), -1, chunk.offset)


def eligible(path: Path, options: dict[str, Any], *, whole: bool) -> pa.BooleanArray:
    """The mask; where not `whole`, a small Parquet file is decoded as a large one is, page by page."""
    if whole:
        return dm.eligible(path, **options)
    sizes = Sizes(whole_file_bytes=0, joined_rows_most=0)
    roles = {name: options[name] for name in ("person", "day", "value")}
    others = {name: x for name, x in options.items() if name not in roles}
    run, _ = start_run(others, outcomes=False, tally=False, sizes=sizes, way=None, **roles)
    with closing(run):
        return mask_of(run.answers(open_source(path, sizes=sizes)))


def verdict(number: int, originals: list[Original], folder: Path) -> str:
    """What became of the file of this number; "WRONG" where something is."""
    original, content, options = drawn(number, originals)
    whole = number % 2 == 0 or not original.name.endswith(".parquet")
    return judged(folder / original.name, content, options, whole=whole)


def judged(path: Path, content: bytes, options: dict[str, Any], *, whole: bool, turned: int | None = None) -> str:
    """What became of a file of these bytes, one bit of whose mask may be turned."""
    path.write_bytes(content)
    try:
        mask = eligible(path, options, whole=whole)
    except (dm.DeminimisError, MemoryError) as error:
        return f"refused ({type(error).__name__})"
    except Exception as error:
        return f"WRONG: it raised {type(error).__name__}: {error}"
    if turned is not None:
        bits = mask.to_pylist()
        bits[turned] = not bits[turned]
        mask = pa.array(bits)
    persons = options["person"] if isinstance(options["person"], list) else [options["person"]]
    columns = [*persons, options["day"], options["value"]]
    try:
        rows = read_by_pyarrow(path, content, columns, whole=whole)
    except MemoryError:  # it reads whole what the package reads in pieces
        return "scored, without a comparison for want of memory"
    except (pa.ArrowException, OSError, EOFError, zlib.error, KeyError, UnicodeDecodeError) as error:
        if not whole and UNASKED in str(error):
            return "scored, without what pyarrow refuses"
        return f"WRONG: pyarrow refuses it ({error}), and it has a mask of {len(mask)} rows"
    try:
        expected = dm.eligible(rows, **{name: x for name, x in options.items() if name != "delimiter"})
    except MemoryError:
        return "scored, without a comparison for want of memory"
    except dm.DeminimisError as error:
        return f"WRONG: what pyarrow reads is refused ({error}), and it has a mask of {len(mask)} rows"
    if not mask.equals(expected):
        return f"WRONG: the mask of {len(mask)} rows is not that of the {len(expected)} rows that pyarrow reads"
    return "scored"


def control(folder: Path) -> list[str]:
    """The files for which what is said of them is not right, where nothing was changed, and where a bit was turned."""
    missed = []
    for original in all_of():
        for whole in (True, False) if original.name.endswith(".parquet") else (True,):
            said = [
                judged(folder / original.name, original.content, original.options, whole=whole, turned=turned)
                for turned in (None, -1)
            ]
            if said[0] != "scored" or not said[1].startswith("WRONG: the mask of"):
                missed.append(f"{original.name}: {said}")
    return missed


def be_child(first: int, count: int, folder: Path) -> None:
    """Files one after another; each is announced before it is touched."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MOST, MEMORY_MOST))
    originals = all_of()
    for number in range(first, first + count):
        print(json.dumps([number, None]), flush=True)
        print(json.dumps([number, verdict(number, originals, folder)]), flush=True)


def run(first: int, count: int) -> collections.Counter[str]:
    """All files of a range of numbers, in as many children as it takes."""
    seen: collections.Counter[str] = collections.Counter()
    originals = all_of()
    with tempfile.TemporaryDirectory() as name:
        end = first + count
        while first < end:
            words = [sys.executable, "-m", "tests.trust.files", "--child", name]
            words += ["--seed", str(first), "--files", str(end - first)]
            with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1) as child:
                last, fate = _follow(child, seen)
                stderr = child.stderr.read()[-600:] if child.stderr else ""
            if last is None:
                if child.returncode:
                    raise RuntimeError(f"a child could not begin: {stderr}")
                break
            if fate is not None or child.returncode:
                how = fate or f"the process ended with {child.returncode}: {stderr}"
                seen["WRONG"] += 1
                print(f"WRONG: file {last} ({drawn(last, originals)[0].name}): {how}", flush=True)
            first = last + 1
    return seen


def _follow(child: subprocess.Popen[str], seen: collections.Counter[str]) -> tuple[int | None, str | None]:
    """Read what a child says: the last file that it began, and why it was ended, if it was."""
    assert child.stdout is not None
    last = None
    while True:
        if not select.select([child.stdout], [], [], SECONDS_MOST)[0]:
            child.kill()
            return last, f"it hangs for {SECONDS_MOST} seconds"
        line = child.stdout.readline()
        if not line:
            child.wait()
            return last, None
        last, what = json.loads(line)
        if what is not None:
            seen[what.split(":")[0]] += 1
            if what.startswith("WRONG"):
                print(f"WRONG: file {last} ({drawn(last, all_of())[0].name}): {what[7:]}", flush=True)


def main() -> int:
    """Run all files, in processes."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.files", description=__doc__)
    parser.add_argument("--files", type=int, default=10_000, help="how many files")
    parser.add_argument(
        "--seed", type=int, default=None, help="number of the first file; random by default, and printed"
    )
    parser.add_argument("--jobs", type=int, default=1, help="at once")
    parser.add_argument("--child", type=Path, default=None, help=argparse.SUPPRESS)
    given = parser.parse_args()
    seed = secrets.randbelow(10**9) * 1000 if given.seed is None else given.seed
    if given.child:
        be_child(seed, given.files, given.child)
        return 0
    if given.jobs > 1:
        share = -(-given.files // given.jobs)
        words = [sys.executable, "-m", "tests.trust.files", "--files", str(share), "--seed"]
        jobs = [subprocess.Popen([*words, str(seed + share * i)], env=os.environ) for i in range(given.jobs)]
        return max(job.wait() for job in jobs)
    with tempfile.TemporaryDirectory() as name:
        if missed := control(Path(name)):
            print(f"WRONG: the control: {missed}")
            return 1
    began = time.monotonic()
    seen = run(seed, given.files)
    print(f"{time.monotonic() - began:.0f} s: seed {seed}, {given.files} files, {dict(seen)}", flush=True)
    return min(seen["WRONG"], 1)


if __name__ == "__main__":
    sys.exit(main())

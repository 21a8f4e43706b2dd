"""Guided fuzzing of the readers of footers, pages, CSV, amounts, days and names: `python -m tests.trust.guided`.

libFuzzer, by way of Atheris (`pip install atheris`, clang needed), changes inputs so that they reach new code. The
first byte chooses the reader. What reaches something new goes into build/corpus; corpus/ beside this file is kept.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from .instrumented import ROOT, build

INSIDE = "DEMINIMIS_GUIDED"
KEPT = Path(__file__).with_name("corpus")


FORMS = {
    "copied": (8, 8),
    "narrowed": (4, 1),
    "widened": (4, 16),
    "turned": (5, 16),
    "int96": (12, 8),
    "bits": (0, 1),
    "viewed": (0, 16),
    "indexed": (0, 4),
}
"""Bytes of a plain value, and of what comes of it."""


def try_pages(text: bytes) -> None:
    """Let the kernel read a page's header, what it unpacks to, and its rows, beside a dictionary of the same bytes."""
    from deminimis._kernel import PAGE_FORMS, ColumnPages, TornPageError, page_head, unpacked_size, zstd_frame

    page_head(text)
    zstd_frame(text)
    unpacked_size("snappy", text)
    unpacked_size("lz4_raw", text)
    if len(text) < 4:
        return
    name = sorted(FORMS)[text[0] % len(FORMS)]
    source, width = FORMS[name]
    encoding, rows, entries, content = text[1] % 16, 16 * text[2], text[3] % 32, text[4:]
    pages = ColumnPages(kind=PAGE_FORMS[name], source=source, width=width, has_levels=bool(text[0] & 128))
    with suppress(TornPageError):
        pages.set_dictionary(content, entries)
    if pages.entries and source == 0:
        pages.entry_texts(memoryview(bytearray(4 * entries + 4)), memoryview(bytearray(len(content))))
    with suppress(TornPageError):
        pages.set_page(content, rows, encoding, content[:9] if text[0] & 64 else None)
        while pages.left:
            pages.read(memoryview(bytearray(100 * width)), memoryview(bytearray(16)), 3, 97, 1)


def try_one(content: bytes) -> None:
    """Let one reader read; what it refuses by an error that callers expect is no fault."""
    import pyarrow as pa

    import deminimis as dm
    from deminimis._kernel import Footer

    reader, text = content[:1] or b"F", content[1:]
    if reader == b"H":
        try_pages(text)
        return
    if reader == b"F":
        with suppress(ValueError, OverflowError):
            footer = Footer(text, 1 << 16)
            for group in range(min(3, len(footer.group_rows))):
                for column in range(min(3, footer.columns)):
                    footer.chunk(group, column)
        return
    if reader == b"T":
        try_csv(text)
        return
    cells = text.split(b"\n")
    table = {"person": pa.array([b"A"] * len(cells)), "day": pa.array(["2024-06-01"] * len(cells)), "value": cells}
    role = {b"V": "value", b"D": "day", b"P": "person", b"C": "person"}.get(reader, "value")
    table |= {"value": pa.array(["1"] * len(cells))}
    table[role] = pa.array(cells, pa.binary()).cast(pa.string(), safe=False) if role != "person" else pa.array(cells)
    with suppress(dm.DeminimisError, pa.ArrowInvalid):
        normalize = "fold" if reader == b"C" else None
        dm.score(pa.table(table), person="person", day="day", value="value", limit=800, normalize=normalize)


def try_csv(content: bytes) -> None:
    """Text that the kernel reads, it reads as pyarrow's parser does; the first two bytes say the dialect."""
    from deminimis._kernel import Spares
    from deminimis.sources.csv.parse import Dialect

    sign, number, text = content[:1] or b",", content[1:2] or b"2", content[2:]
    columns, dialect = 1 + number[0] % 4, Dialect(",;\t|"[sign[0] % 4], "utf-8")
    marked, cells = dialect.marked(text, columns), range(columns)
    batch = dialect.views(marked, columns, cells, [str(i) for i in cells], Spares())
    if batch is not None:
        batch.validate(full=True)
        table = dialect.parse(marked, columns, cells)
        assert [c.to_pylist() for c in batch.columns] == [c.to_pylist() for c in table.columns], text


def main() -> int:
    """Build, and start again with the fuzzer's runtime loaded."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.guided", description=__doc__)
    parser.add_argument("--seconds", default="600")
    given = parser.parse_args()
    if INSIDE in os.environ:
        import atheris

        import deminimis  # noqa: F401  # loaded before the first input, so that its code is known

        found = ROOT / "build" / "corpus"
        found.mkdir(parents=True, exist_ok=True)
        words = [
            sys.argv[0],
            f"-max_total_time={given.seconds}",
            "-timeout=20",
            "-print_final_stats=1",
            "-rss_limit_mb=6000",
        ]
        atheris.Setup([*words, str(found), str(KEPT)], try_one)
        atheris.Fuzz()
    if importlib.util.find_spec("atheris") is None or shutil.which("clang") is None:
        print("guided fuzzing is skipped: it needs clang and `pip install atheris`")
        return 0
    library = build("clang", "fuzzer-no-link")
    runtime = subprocess.run(
        [sys.executable, "-c", "import atheris; print(atheris.path())"], capture_output=True, text=True, check=True
    )
    environment = os.environ | {
        "LD_PRELOAD": str(Path(runtime.stdout.strip()) / "asan_with_fuzzer.so"),
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
        "PYTHONPATH": str(library),
        INSIDE: "1",
    }
    words = [sys.executable, "-m", "tests.trust.guided", "--seconds", given.seconds]
    return subprocess.run(words, cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())

"""The CPU benchmark: fixed works, checked answers, figures that follow from the clock, and one beside another."""

from __future__ import annotations

import itertools
import json
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import deminimis as dm
from deminimis.cli.main import main
from deminimis.demo.bench import measure
from deminimis.demo.bench.machine import cpu_name
from deminimis.demo.bench.measure import bench
from deminimis.demo.bench.work import LIMIT, SET, WORKS, Work, manifest

ROWS = 100_000
WORDS = ["bench", "--rows", "5000", "--repeats", "2", "--threads", "2"]


@pytest.mark.parametrize("work", WORKS, ids=[work.name for work in WORKS])
def test_the_answer_is_numpys(work: Work) -> None:
    """The mask that the benchmark knows by heart is that of sums by NumPy's unique and bincount."""
    made = manifest(work.name, ROWS)
    person = made["person"].combine_chunks().dictionary_encode().indices.to_numpy()
    day, value = made["day"].cast("int32").to_numpy(), made["value"].to_numpy()
    _, group = np.unique(np.stack([person, day]), axis=1, return_inverse=True)
    mask = np.bincount(group.ravel(), weights=value)[group.ravel()] <= LIMIT  # sums far below 2**53
    assert zlib.crc32(np.packbits(mask, bitorder="little")) == work.mask_crc32[ROWS]


def test_the_works_are_fixed() -> None:
    """A year of days nearly in order or in none, persons who come again, small values or all over the limit."""
    made = {work.name: manifest(work.name, ROWS) for work in WORKS}
    assert made["text"].equals(manifest("text", ROWS))
    for name, table in made.items():
        day, value = table["day"].cast("int32").to_numpy(), table["value"].to_numpy()
        assert table.num_rows == ROWS and day.max() - day.min() == 364
        assert (np.diff(day).min() == -1) == (name != "shuffled")
        assert len(table["person"].unique()) < ROWS // 4
        assert (value.min() > LIMIT) == (name == "over") and value.max() - value.min() < 2_500
    assert made["text"]["person"].type == pa.string() and made["int"]["person"].type == pa.int64()


def test_figures_follow_from_the_clock() -> None:
    """Median, best and rows a second are those of the calls after the first, for each source and number of threads."""
    ticks = itertools.count()
    result = bench(1_000, repeats=3, threads=2, clock=lambda: next(ticks) / 100)
    assert len(result.parts) == len(WORKS) * 3 * 2 and result.rows == 1_000 and result.set == SET
    for part in result.parts:
        assert (part.repeats, part.seconds_median, part.seconds_best) == (3, 0.01, 0.01)
        assert part.rows_per_second == 100_000
    assert result.score == pytest.approx(0.1)


def test_slow_machines_repeat_less() -> None:
    """Where a call takes a minute, each is done once beside the first, and counts."""
    ticks = itertools.count(0, 60)
    result = bench(1_000, repeats=3, threads=1, clock=lambda: float(next(ticks)))
    assert {(part.repeats, part.seconds_median) for part in result.parts} == {(1, 60.0)}


@pytest.mark.parametrize(("most", "counts"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (64, [1, 2, 4, 8, 16, 32, 64])])
def test_thread_counts(most: int, counts: list[int]) -> None:
    """Powers of two, and all cores."""
    assert measure.thread_counts(most) == counts


def test_wrong_answer() -> None:
    """A mask other than the known one is no figure."""
    with pytest.raises(dm.DeminimisError, match="the answer is wrong"):
        bench(1_000, repeats=1, known={"int": {1_000: 1}})


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Text for people, then one line of JSON with the processor's name; --json gives the line alone."""
    assert main(WORDS) == 0
    text = capsys.readouterr().out
    told = json.loads(text.splitlines()[-1])
    assert told["cpu"] == cpu_name() != "" and told["cpu"] in text.splitlines()[0]
    assert (told["rows"], told["version"]) == (5_000, dm.__version__) and f"Score {told['score']:,.1f}" in text
    assert [(p["work"], p["source"], p["threads"]) for p in told["parts"]] == [
        (work.name, source, threads) for work in WORKS for source in ("memory", "parquet", "csv") for threads in (1, 2)
    ]
    assert main([*WORDS, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["mask_crc32"] == told["mask_crc32"]


def test_against(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each work and source stands beside the last result of a file: half its speed there is twice as fast here."""
    assert main([*WORDS, "--json"]) == 0
    old = json.loads(capsys.readouterr().out)
    slow = old | {"cpu": "Slow One", "parts": [p | {"rows_per_second": 1e-3} for p in old["parts"]]}
    path = tmp_path / "figures.jsonl"
    path.write_text(f"{json.dumps(old)}\n{json.dumps(slow)}\n\n")
    assert main([*WORDS, "--against", str(path)]) == 0
    text = capsys.readouterr().out
    assert text.count(" times\n") == len(WORKS) * 3 and "times that of Slow One, deminimis" in text
    new = json.loads(text.splitlines()[-1])
    best = max(p["rows_per_second"] for p in new["parts"] if (p["work"], p["source"]) == ("int", "csv"))
    (line,) = [line for line in text.splitlines() if line.split()[:2] == ["int", "csv"]]
    assert line.endswith(f" {best / 1e-3:.2f} times")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no result"),
        ("{}", "no result"),
        ("[1]", "no result"),
        ("not JSON", "no result"),
        ("[" * 100_000, "no result"),
        (None, "cannot be read"),
    ],
)
def test_against_no_result(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, said: str) -> None:
    """A file that holds no result is named before anything is measured."""
    path = tmp_path / "figures.jsonl"
    if text is not None:
        path.write_text(text)
    assert main([*WORDS, "--against", str(path)]) == 2
    error = capsys.readouterr().err
    assert said in error and "figures.jsonl" in error and error.count("\n") == 1


def test_against_other_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another number of rows, or set, cannot be compared."""
    assert main([*WORDS, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    path = tmp_path / "figures.jsonl"
    for change, mend in (({"rows": 6_000}, "give --rows 6000"), ({"set": 1}, "run it anew there")):
        path.write_text(json.dumps(told | change))
        assert main([*WORDS, "--against", str(path)]) == 2
        assert mend in capsys.readouterr().err


def test_work_that_does_not_fit() -> None:
    """More rows than the memory holds are refused, and not one fewer."""
    most = (4 << 30) // 256
    measure.check_work(most, 1, 4 << 30)
    with pytest.raises(dm.errors.InputError, match="16,777,217 rows need about 4,096 MiB of memory: give fewer"):
        measure.check_work(most + 1, 1, 4 << 30)


@pytest.mark.parametrize("words", [["--rows", "0"], ["--rows", "3000000000"], ["--repeats", "0"], ["--threads", "0"]])
def test_mistakes(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be measured is refused in one sentence, before the manifest is made."""
    assert main(["bench", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1

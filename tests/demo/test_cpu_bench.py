"""The CPU benchmark: fixed work, a checked answer, and figures that follow from the clock."""

from __future__ import annotations

import itertools
import json
import zlib

import numpy as np
import pytest

import deminimis as dm
from deminimis.cli.main import main
from deminimis.demo import bench as cpu_bench
from deminimis.demo.bench import bench, manifest, thread_counts

ROWS = 100_000


def test_the_answer_is_numpys() -> None:
    """The mask that the benchmark knows by heart is that of sums by NumPy's unique and bincount."""
    made = manifest(ROWS)
    person, day, value = (made[name].to_numpy().astype("int64") for name in ("person", "day", "value"))
    _, group = np.unique(np.stack([person, day]), axis=1, return_inverse=True)
    mask = np.bincount(group.ravel(), weights=value)[group.ravel()] <= cpu_bench.LIMIT  # sums far below 2**53
    assert zlib.crc32(np.packbits(mask, bitorder="little")) == cpu_bench.MASK_CRC32[ROWS]


def test_the_work_is_fixed() -> None:
    """The manifest looks like one: a year of days nearly in order, persons who come again, small values."""
    made = manifest(ROWS)
    day, value = made["day"].cast("int32").to_numpy(), made["value"].to_numpy()
    assert made.num_rows == ROWS and made.equals(manifest(ROWS))
    assert day[-1] - day[0] == 364 and np.diff(day).min() == -1
    assert len(made["person"].unique()) < ROWS // 4 and value.min() >= 0 and value.max() < 2_500


def test_figures_follow_from_the_clock() -> None:
    """Median, best and rows a second are those of the calls after the first, for each number of threads."""
    ticks = iter(itertools.chain.from_iterable([(0, 9), *[(0, 1), (0, 5)], *[(0, 2), (0, 6)], *[(0, 4), (0, 7)]]))
    result = bench(ROWS, repeats=3, threads=2, clock=lambda: float(next(ticks)))
    assert result.seconds_first == 9
    assert [(f.threads, f.seconds_median, f.seconds_best) for f in result.figures] == [(1, 2, 1), (2, 6, 5)]
    assert [f.rows_per_second for f in result.figures] == [ROWS / 2, ROWS / 6]
    assert result.rows_per_second == ROWS / 2 and result.mask_crc32 == cpu_bench.MASK_CRC32[ROWS]


@pytest.mark.parametrize(("most", "counts"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (64, [1, 2, 4, 8, 16, 32, 64])])
def test_thread_counts(most: int, counts: list[int]) -> None:
    """Powers of two, and all cores."""
    assert thread_counts(most) == counts


def test_wrong_answer() -> None:
    """A mask other than the known one is no figure."""
    with pytest.raises(dm.DeminimisError, match="the answer is wrong"):
        bench(1_000, repeats=1, known={1_000: 1})


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Text for people, then one line of JSON with the processor's name; --json gives the line alone."""
    words = ["bench", "--rows", "5000", "--repeats", "2", "--threads", "2"]
    assert main(words) == 0
    text = capsys.readouterr().out
    told = json.loads(text.splitlines()[-1])
    assert told["cpu"] == cpu_bench.cpu_name() != "" and told["cpu"] in text.splitlines()[0]
    assert (told["rows"], told["version"], [f["threads"] for f in told["figures"]]) == (5_000, dm.__version__, [1, 2])
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["mask_crc32"] == told["mask_crc32"]


def test_work_that_does_not_fit() -> None:
    """More rows than the memory holds are refused, and not one fewer."""
    most = (4 << 30) // 48
    cpu_bench.check_work(most, 1, 4 << 30)
    with pytest.raises(dm.errors.InputError, match="89,478,486 rows need about 4,096 MiB of memory: give fewer"):
        cpu_bench.check_work(most + 1, 1, 4 << 30)


@pytest.mark.parametrize("words", [["--rows", "0"], ["--rows", "3000000000"], ["--repeats", "0"], ["--threads", "0"]])
def test_mistakes(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be measured is refused in one sentence, before the manifest is made."""
    assert main(["bench", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1

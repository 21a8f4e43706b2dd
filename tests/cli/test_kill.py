"""What is left when the run ends badly: killed, without room, without permission, or with its source cut short."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import handed
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.sizes import Sizes

ROWS = 60_000
ROLES: dict[str, Any] = {"person": "person", "day": "day", "value": "value", "limit": 800}
WORDS = ["--person", "person", "--day", "day", "--value", "value", "--limit", "800", "--memory-limit", "16KiB"]
MOMENTS = random.Random(321)
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(dm.__file__).parents[1])}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="files without a name, and tmpfs")


@pytest.fixture(scope="module")
def table() -> pa.Table:
    rng = np.random.default_rng(1)
    days = pa.array((19_700 + rng.integers(0, 30, ROWS)).astype(np.int32), pa.date32())
    return pa.table({"person": rng.integers(0, 9_000, ROWS), "day": days, "value": rng.integers(0, 900, ROWS)})


@pytest.fixture(scope="module")
def source(table: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kill") / "in.parquet"
    pq.write_table(table, path, row_group_size=ROWS // 8)
    return path


def killed(module: str, moment: int, source: Path, target: Path, spill: Path) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, str(Path(__file__).with_name("killed.py")), module, str(moment)]
    words = [*program, str(source), str(target), str(spill)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, env=ENVIRONMENT)


@pytest.fixture(scope="module", params=["run.spill", "sinks"])
def moments(request: pytest.FixtureRequest, source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int]:
    """A module, and the number of moments at which it can be killed."""
    folder = tmp_path_factory.mktemp("whole")
    ended = killed(request.param, 0, source, folder / "out.parquet", folder)
    return request.param, int(ended.stdout)


@pytest.mark.parametrize("share", [0.0, *(MOMENTS.random() for _ in range(4)), 1.0])
@pytest.mark.parametrize("is_there", [False, True])
def test_killed(
    moments: tuple[str, int], share: float, is_there: bool, table: pa.Table, source: Path, tmp_path: Path
) -> None:
    """SIGKILL while spilling or writing leaves nothing: no output, or what was there before; no spill file; no part."""
    module, count = moments
    spill, folder = tmp_path / "spill", tmp_path / "out"
    spill.mkdir()
    folder.mkdir()
    target = folder / "out.parquet"
    if is_there:
        target.write_text("before")
    ended = killed(module, min(count, 1 + int(share * count)), source, target, spill)
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGKILL, "", "")
    left = {path.name: path for path in folder.iterdir()}
    if "out.parquet" in left and left.pop("out.parquet").read_bytes() != b"before":
        assert pq.read_table(target).drop_columns("eligible").equals(table)
    assert left == {} and list(spill.iterdir()) == []


@pytest.mark.parametrize("moments", ["sinks"], indirect=True)
@pytest.mark.parametrize("back", range(8))
def test_killed_as_it_appears(
    back: int, table: pa.Table, source: Path, tmp_path: Path, moments: tuple[str, int]
) -> None:
    """Around the moment at which the output gets its name, it is there whole or not at all."""
    module, count = moments
    folder, spill = tmp_path / "out", tmp_path / "spill"
    folder.mkdir()
    spill.mkdir()
    assert killed(module, count - back, source, folder / "out.parquet", spill).returncode == -signal.SIGKILL
    for path in folder.iterdir():
        assert path.name == "out.parquet" and pq.read_table(path).drop_columns("eligible").equals(table)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for 256 KiB."""
    yield from _mounted(tmp_path / "small", "size=256k")


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder in which nobody may write, and root cannot."""
    if os.geteuid() == 0:
        yield from _mounted(tmp_path / "fixed", "ro")
        return
    (tmp_path / "fixed").mkdir(mode=0o555)
    yield tmp_path / "fixed"


def _mounted(folder: Path, options: str) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        is_mounted = subprocess.run(mount, capture_output=True).returncode == 0
    except FileNotFoundError:
        is_mounted = False
    if not is_mounted:
        pytest.skip("a tmpfs may not be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def score(*words: object) -> tuple[int, str]:
    program = [sys.executable, "-m", "deminimis", "score", *map(str, words), *WORDS]
    ended = subprocess.run(program, capture_output=True, text=True, timeout=60, env=ENVIRONMENT)
    assert "Traceback" not in ended.stderr and ended.stderr.count("\n") == 1
    return ended.returncode, ended.stderr


def test_no_room_to_spill(small_disk: Path, source: Path, tmp_path: Path) -> None:
    """A full disk under the spill ends with 3, says what is needed and what to do, and leaves nothing."""
    code, message = score(source, "--spill-dir", small_disk, "-o", tmp_path / "out.parquet")
    assert code == 3 and f"cannot spill to {small_disk}" in message and "--memory-limit" in message
    assert list(small_disk.iterdir()) == [] and not (tmp_path / "out.parquet").exists()


@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "out.arrow"])
def test_no_room_for_the_output(name: str, small_disk: Path, source: Path) -> None:
    """A full disk under the output ends with 3, says how far it came, and leaves nothing."""
    code, message = score(source, "--append", "--with", "total", "-o", small_disk / name)
    assert code == 3 and f"{name}: the disk is full after" in message
    assert list(small_disk.iterdir()) == []


def test_read_only_folders(read_only: Path, source: Path) -> None:
    """A folder that may not be written to is refused with 2 before any row is read, for the output and the spill."""
    code, message = score(source, "-o", read_only / "out.parquet")
    assert code == 2 and "out.parquet: its folder cannot be written to" in message
    code, message = score(source, "--spill-dir", read_only)
    assert code == 2 and "--spill-dir is a folder that can be written to" in message


@pytest.mark.parametrize("phase", ["read", "write"])
@pytest.mark.parametrize("form", ["parquet", "csv", "csv.gz", "arrow"])
def test_source_cut_short_while_it_is_read(form: str, phase: str, table: pa.Table, tmp_path: Path) -> None:
    """A source that loses its end during the run is bad input, whether for the answers or for the columns beside."""
    sizes = Sizes(piece_rows_least=ROWS // 8, range_bytes=64 << 10, block_bytes=256 << 10)
    path = tmp_path / f"in.{form}"
    _write(table, path)

    def cut(report: dm.Progress) -> None:
        if report.phase == phase:
            os.truncate(path, path.stat().st_size // 2)

    with pytest.raises(dm.DeminimisError, match=path.name) as caught:
        options: dict[str, Any] = {"sizes": sizes, "append": True, "threads": 1, "progress": cut}
        handed.score_files(path, tmp_path / "out.parquet", **ROLES, **options)
    assert caught.value.exit_code == 2
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def _write(table: pa.Table, path: Path) -> None:
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=ROWS // 8)
    elif path.suffix == ".arrow":
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=ROWS // 8)
    else:
        with pa.CompressedOutputStream(path, "gzip") if path.suffix == ".gz" else path.open("wb") as file:
            pa.csv.write_csv(table, file)

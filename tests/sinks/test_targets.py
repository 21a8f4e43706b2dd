"""What an output may be written to: never what is read, never what is protected; and what a target may answer."""

from __future__ import annotations

import errno
import io
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.errors import DeminimisError, DiskError, InputError, OutOfMemoryError, OutOfSpaceError
from deminimis.sinks.open import open_sink

MASK = pa.schema([pa.field("eligible", pa.bool_(), nullable=False)])
BATCH = pa.record_batch([pa.array([True, False])], schema=MASK)
TABLE = pa.table({"who": ["A"], "day": ["2024-06-01"], "usd": ["1"]})
ROLES = {"person": "who", "day": "day", "value": "usd", "limit": 800}
WRITERS: dict[str, Callable[[Path], object]] = {
    "t.parquet": lambda path: pq.write_table(TABLE, path),
    "t.csv": lambda path: path.write_text("who,day,usd\nA,2024-06-01,1\n"),
    "t.arrow": lambda path: write_arrow(path, pa.ipc.new_file),
    "t.arrows": lambda path: write_arrow(path, pa.ipc.new_stream),
}


def write_arrow(path: Path, new: Callable[..., pa.ipc.RecordBatchStreamWriter]) -> None:
    with new(path, TABLE.schema) as writer:
        writer.write_table(TABLE)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("way", ["named", "linked", "hard-linked", "folder of links", "pattern", "linked target"])
def test_input_is_not_replaced(tmp_path: Path, name: str, way: str) -> None:
    """By whatever name an input is found, an output of any name of it is refused, and the input stays."""
    path, folder = tmp_path / name, tmp_path / "in"
    WRITERS[name](path)
    folder.mkdir()
    other = folder / name
    if way == "hard-linked":
        other.hardlink_to(path)
    else:
        other.symlink_to(Path("..", name))
    manifest, target = {
        "named": (path, path),
        "linked": (other, path),
        "hard-linked": (other, path),
        "folder of links": (folder, path),
        "pattern": (folder / "*", path),
        "linked target": (path, other),
    }[way]
    before = path.read_bytes()
    for append in (False, True):
        with pytest.raises(InputError, match=rf"{name}: is a file that is read, and would be overwritten"):
            dm.score_files(manifest, target, **ROLES, append=append)
    assert path.read_bytes() == before and sorted(tmp_path.iterdir()) == sorted([path, folder])
    dm.score_files(manifest, tmp_path / "mask.parquet", **ROLES)


def test_input_that_is_given_open_is_not_written_to(tmp_path: Path) -> None:
    """The same file as an open input and an open output, as a shell's redirections give them, is refused."""
    path = tmp_path / "t.csv"
    WRITERS["t.csv"](path)
    with path.open("rb") as file, path.open("ab") as target, pytest.raises(InputError, match="is a file that is read"):
        dm.score_files(file, target, **ROLES, format="csv")
    with path.open("ab") as target, pytest.raises(InputError, match="is a file that is read"):
        dm.score_files(path, target, **ROLES, format="csv")
    assert path.read_text() == "who,day,usd\nA,2024-06-01,1\n"


def test_target_that_becomes_an_input(tmp_path: Path) -> None:
    """What stands under the target's name is looked at again right before it is replaced."""
    path, target = tmp_path / "t.csv", tmp_path / "m.csv"
    path.write_text("before")
    status = path.stat()
    with (
        pytest.raises(InputError, match="is a file that is read"),
        open_sink(target, MASK, inputs={(status.st_dev, status.st_ino)}) as sink,
    ):
        sink.write(BATCH)
        target.hardlink_to(path)
    assert sorted(tmp_path.iterdir()) == [target, path] and target.read_text() == "before"


@pytest.mark.parametrize("late", [True, False])
def test_read_only_target(tmp_path: Path, late: bool) -> None:
    """A file that is protected against writing is not replaced, also where the user is root."""
    target = tmp_path / "m.csv"
    target.write_text("before")
    if not late:
        target.chmod(0o444)
    with (
        pytest.raises(InputError, match=r"m\.csv: is there and read-only: make it writable, or give another name"),
        open_sink(target, MASK) as sink,
    ):
        sink.write(BATCH)
        target.chmod(0o444)
    assert list(tmp_path.iterdir()) == [target] and target.read_text() == "before"


def failing(monkeypatch: pytest.MonkeyPatch, number: int, at: int) -> None:
    """Let the call of fsync that is the `at`th, from 0, fail with this error."""
    calls: list[int] = []

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == at + 1:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, OutOfSpaceError), (errno.EDQUOT, OutOfSpaceError), (errno.EIO, DiskError)]
)
def test_fsync_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[DeminimisError]
) -> None:
    """Before the rename the old output stays; after it the new one is in its place, and the error says so."""
    target = tmp_path / "m.csv"
    for at, words in ((0, "disk is full|disk or the network failed"), (1, "m.csv: is whole and in its place, but")):
        target.write_text("before")
        with monkeypatch.context() as patch:
            failing(patch, number, at)
            with pytest.raises(kind, match=words) as caught, open_sink(target, MASK) as sink:
                sink.write(BATCH)
        assert caught.value.exit_code == 3
        assert list(tmp_path.iterdir()) == [target]
        assert target.read_text() == ("before" if at == 0 else '"eligible"\ntrue\nfalse\n')


def test_folder_that_knows_no_fsync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems refuse to sync folders: that is no error."""
    failing(monkeypatch, errno.EINVAL, 1)
    with open_sink(tmp_path / "m.csv", MASK) as sink:
        sink.write(BATCH)
    assert (tmp_path / "m.csv").read_text() == '"eligible"\ntrue\nfalse\n'


class Answering(io.RawIOBase):
    """A file object whose `write` takes what it is told to, and says what it is told to."""

    def __init__(self, take: Callable[[bytes], tuple[int, object]]) -> None:
        self.taken = b""
        self._take = take

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        text = bytes(data)  # type: ignore[call-overload]
        count, said = self._take(text)
        self.taken += text[:count]
        return said  # type: ignore[return-value]


@pytest.mark.parametrize("format", ["csv", "arrows", "parquet"])
@pytest.mark.parametrize("said", [0, -1, 10**9, None, "all", 1.0])
def test_write_that_takes_nothing(format: str, said: object) -> None:
    """A `write` that takes no byte, or says what cannot be, ends with an error rather than never."""
    with (
        pytest.raises(InputError, match=r"file object: (its write says|it cannot be written to now)"),
        open_sink(Answering(lambda _text: (0, said)), MASK, format=format) as sink,  # type: ignore[arg-type]
    ):
        sink.write(BATCH)


@pytest.mark.parametrize("format", ["csv", "arrows", "parquet"])
@pytest.mark.parametrize("most", [1, 3, 100])
def test_write_that_takes_a_part(format: str, most: int) -> None:
    """What a `write` leaves is given to it again; one that returns None without being raw has taken all."""
    whole, parts, silent = io.BytesIO(), Answering(lambda text: (min(most, len(text)),) * 2), Silent()
    for target in (whole, parts, silent):
        with open_sink(target, MASK, format=format) as sink:  # type: ignore[arg-type]
            sink.write(BATCH)
    assert parts.taken == whole.getvalue() == silent.taken


class Silent:
    """A file object that is no file: its `write` takes all and returns nothing."""

    def __init__(self) -> None:
        self.taken = b""

    def write(self, data: object) -> None:
        self.taken += bytes(data)  # type: ignore[call-overload]

    def flush(self) -> None:
        pass


@pytest.mark.skipif(not hasattr(os, "set_blocking"), reason="non-blocking pipes")
@pytest.mark.parametrize("buffering", [0, 64])
def test_pipe_that_does_not_block(buffering: int) -> None:
    """A pipe that is full is waited for, buffered or not."""
    table = pa.table({"text": [f"{i:0100}" for i in range(20_000)]})
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    got: list[bytes] = []

    def drain() -> None:
        with open(reader, "rb") as file:  # noqa: PTH123 - a descriptor is no path
            got.append(file.read())

    thread = threading.Thread(target=drain)
    thread.start()
    try:
        with (
            open(writer, "wb", buffering=buffering) as file,  # noqa: PTH123 - a descriptor is no path
            open_sink(file, table.schema, format="csv") as sink,
        ):
            for batch in table.to_batches():
                sink.write(batch)
    finally:
        thread.join()
    assert got[0].splitlines()[1:] == [b'"%s"' % text.encode() for text in table["text"].to_pylist()]


@pytest.mark.parametrize("error", [pa.lib.ArrowMemoryError("malloc of size 65536 failed"), MemoryError()])
def test_out_of_memory_while_writing(error: Exception) -> None:
    """Lack of memory is told as such, with its own exit code and mend."""

    class Lacking(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, _data: object) -> int:
            raise error

    for format in ("csv", "arrows", "parquet"):
        with pytest.raises(OutOfMemoryError, match=r"file object: out of memory.*memory_limit=") as caught:
            dm.score_files(TABLE, Lacking(), **ROLES, format=format, columns=["eligible", "reason"])
        assert caught.value.exit_code == 3


def test_working_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path, of a target or a manifest, in a folder that was removed is refused in words."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with pytest.raises(InputError, match=r"m\.csv: the working folder is gone"):
        open_sink("m.csv", MASK)
    with pytest.raises(InputError, match=r"t\.csv: the working folder is gone"):
        dm.eligible("t.csv", **ROLES)

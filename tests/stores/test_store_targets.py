"""Answers in an object store: an object appears whole or not at all, and never in place of what is read."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.audit.report.made import report_with
from deminimis.cli.main import main
from deminimis.errors import InputError
from deminimis.sinks.open import open_sink

ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 8}
WORDS = ["--person", "who", "--day", "day", "--value", "usd", "--limit", "8"]
TABLE = pa.table({"who": ["A", "A", "B"], "day": ["2024-06-01"] * 3, "usd": ["4", "4.01", "8"]})
MASK = [False, False, True]
SCHEMA = pa.schema([pa.field("eligible", pa.bool_(), nullable=False)])


def names(store: Any) -> list[str]:
    """The objects of the bucket, and its unfinished uploads."""
    from pyarrow.fs import FileSelector

    return [info.path for info in store.files.get_file_info(FileSelector("test", recursive=True)) if info.is_file]


def test_every_format(store: Any) -> None:
    """What lies in the store is what would lie on the disk."""
    for name in ("o/mask.parquet", "o/mask.arrow", "o/mask.csv", "o/mask.csv.gz"):
        assert dm.score_files(TABLE, store.address(f"test/{name}"), **ROLES).rows == 3
    assert pq.read_table(io.BytesIO(store.get("test/o/mask.parquet")))["eligible"].to_pylist() == MASK
    assert pa.ipc.open_file(store.get("test/o/mask.arrow")).read_all()["eligible"].to_pylist() == MASK
    assert store.get("test/o/mask.csv") == b'"eligible"\nfalse\nfalse\ntrue\n'
    assert gzip.decompress(store.get("test/o/mask.csv.gz")) == store.get("test/o/mask.csv")


def test_nothing_is_sent_before_all_is_there(store: Any) -> None:
    """What is let go of before its end leaves what was there as it was, and sends nothing."""
    store.put("test/mask.csv", b"before")
    store.seen()
    with pytest.raises(ZeroDivisionError), open_sink(store.address("test/mask.csv"), SCHEMA) as sink:
        sink.write(pa.RecordBatch.from_arrays([pa.array([True] * 100_000)], schema=SCHEMA))
        raise ZeroDivisionError
    assert {method for method, *_ in store.seen()} <= {"HEAD", "GET"}
    assert store.get("test/mask.csv") == b"before"


def test_many_parts(store: Any) -> None:
    """An object of several parts is sent in one upload, which is completed last."""
    address = store.address("test/mask.csv")
    store.seen()
    with open_sink(address, SCHEMA) as sink:
        for _ in range(30):
            sink.write(pa.RecordBatch.from_arrays([pa.array([True] * 100_000)], schema=SCHEMA))
    assert store.get("test/mask.csv") == b'"eligible"\n' + b"true\n" * 3_000_000
    sent = [query for method, _, query, _ in store.seen() if method in ("PUT", "POST")]
    assert sum("partNumber=" in query for query in sent) == len(sent) - 2 >= 2
    assert sent[0] == "uploads" and sent[-1].startswith("uploadId=")


def test_an_upload_that_fails(store: Any) -> None:
    """A store that stumbles is asked again; one that does not come back is an error, and what was there stays."""
    address = store.put("test/mask.csv", b"before")
    store.fail({"method": "PUT", "key": "mask.csv", "what": "500", "times": 1_000})
    with pytest.raises(InputError, match=r"^s3://test/mask\.csv: could not be sent \(") as failed:
        dm.score_files(TABLE, address, **ROLES)
    assert "a+secret" not in str(failed.value)
    store.fail({"method": "POST", "key": "mask.csv", "what": "403", "times": 1_000})
    with pytest.raises(InputError, match="may not be written: the store denies it"):
        dm.score_files(TABLE, address, **ROLES)
    store.fail()
    assert store.get("test/mask.csv") == b"before"
    assert names(store) == ["test/mask.csv"]
    store.fail({"method": "PUT", "key": "mask.csv", "what": "500", "times": 4})
    assert dm.score_files(TABLE, address, **ROLES).rows == 3
    assert store.get("test/mask.csv").startswith(b'"eligible"')


def test_never_in_place_of_what_is_read(store: Any) -> None:
    """By whatever credentials it is named."""
    address = store.put("test/in.csv", b"who,day,usd\nA,2024-06-01,8\n")
    with pytest.raises(InputError, match="is a file that is read, and would be overwritten"):
        dm.score_files(address, address.replace("somebody", "another"), **ROLES)


def test_targets_that_cannot_be(store: Any) -> None:
    """They are refused before anything is scored."""
    for path, mend in (("nowhere/m.csv", "make it first"), ("test/m", "its ending"), ("m.csv", "a key")):
        with pytest.raises(InputError, match=mend):
            open_sink(store.address(path), SCHEMA)


def test_command_line(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Addresses stand where paths do; what is printed has no credentials, and --no-clobber asks the store."""
    source = store.put("test/in.csv", b"who,day,usd\nA,2024-06-01,8\n")
    target = store.address("test/out.csv")
    ends = [main(["score", source, "-o", target, *more, *WORDS]) for more in ([], ["--no-clobber"], [])]
    ends.append(main(["score", source.replace("in.csv", "none.csv"), "--json", *WORDS]))
    assert ends == [0, 2, 0, 2]
    told = capsys.readouterr()
    assert "Wrote s3://test/out.csv" in told.out and "Wrote s3://test/out.csv (replaced)" in told.out
    assert "s3://test/out.csv is there already, and --no-clobber keeps it" in told.err
    assert "s3://test/none.csv: there is no such file" in told.err
    assert "somebody" not in told.out + told.err and "secret" not in told.out + told.err


def test_evidence_is_of_files_here(store: Any, tmp_path: Path) -> None:
    """Neither evidence nor a page of an audit is made of what lies in a store: both would have to name it whole."""
    address = store.put("test/in.csv", b"who,day,usd\nA,2024-06-01,8\n")
    local = tmp_path / "in.csv"
    local.write_bytes(store.get("test/in.csv"))
    for source, more in ((address, {}), (local, {"output": store.address("test/m.csv")}), (local, {"report": address})):
        output, page = more.get("output"), more.get("report", tmp_path / "page.html")
        with pytest.raises(InputError, match=r"^s3://test/\w+\.csv: evidence is of files of this machine") as refused:
            report_with(source, output, report=page, evidence=tmp_path / "e.json", command=f"x {address}", **ROLES)
        assert "secret" not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]

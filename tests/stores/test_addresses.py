"""Which text is an address, and that none of its credentials is ever shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.addresses import is_in_store, masked, masked_within
from deminimis.errors import InputError

ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 8}


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("s3://bucket/key", "s3://bucket/key"),
        ("s3://user:password@bucket/key", "s3://bucket/key"),
        ("S3://user:pass%2Fword@bucket/a@b/key?session_token=t&scheme=http", "s3://bucket/a@b/key"),
        ("s3://user:pass/word@bucket/key", "s3://bucket/key"),
        ("s3://user:p@ss@bucket", "s3://bucket"),
        ("gs://anonymous@bucket/key?retry_limit_seconds=3", "gs://bucket/key"),
        ("abfss://container@account.dfs.core.windows.net/key", "abfss://container@account.dfs.core.windows.net/key"),
        ("abfss://container:password@account.net/key", "abfss://container@account.net/key"),
        ("abfs://:password@account.net/container/key", "abfs://account.net/container/key"),
        ("https://user:password@host/key?token=t", "https://host/key"),
        ("in/user:password@file.csv", "in/user:password@file.csv"),
    ],
)
def test_masked(address: str, shown: str) -> None:
    """Neither user nor password nor anything behind a question mark is in a name."""
    assert masked(address) == shown


def test_masked_within_a_sentence() -> None:
    """What others say of an address has no user and password either, and the rest of it stands."""
    assert masked_within("no s3://user:pass/word@bucket/key here: a://b") == "no s3://bucket/key here: a://b"
    assert masked_within("who@host: 12:30") == "who@host: 12:30"
    assert masked_within("'s3:/user:pass@bucket/key?token=t': no.") == "'s3:/bucket/key': no."
    assert masked_within("no gs://b/k?token=t: none. (gs://b/k)") == "no gs://b/k: none. (gs://b/k)"


def test_what_lies_in_a_store() -> None:
    """Paths do not, whatever colons they have."""
    there = ["s3://a/b", "GS://a/b", "gcs://a", "abfs://a@b/c", "abfss://a@b/c", Path("s3://a/b")]
    assert [one for one in there if not is_in_store(one)] == []
    assert [one for one in ["a/b", "C:/a", "s3", "file:///a", "http://a/b", "-", None, 3] if is_in_store(one)] == []


@pytest.mark.parametrize(
    ("address", "mend"),
    [
        (Path("s3://bucket/key"), "is a Path, which eats a slash of an address: give it as text"),
        ("s3:/bucket/key", "write s3://BUCKET/KEY"),
        ("s3://", "write s3://BUCKET/KEY"),
        ("s3://somebody:not%zzsecret@bucket/key", "cannot be parsed"),
        ("s3://somebody:a+secret@bucket/key?unknown=a+secret", "is an address that pyarrow does not take"),
        ("http://somebody:a+secret@host/key?token=a+secret", "download it first"),
        ("az://somebody:a+secret@host/key", "copy it here first"),
        ("file://elsewhere/key", "give file:///PATH, or the path by itself"),
    ],
)
def test_refused(address: Any, mend: str) -> None:
    """What is no address of ours is refused by its name, without its credentials, as a source and as a target."""
    table = pa.table({"who": ["A"], "day": ["2024-06-01"], "usd": [1]})
    for call in (lambda: dm.eligible(address, **ROLES), lambda: dm.score_files(table, address, **ROLES)):
        with pytest.raises(InputError) as refused:
            call()
        assert "secret" not in f"{refused.value!s} {refused.value!r} {refused.value.__cause__} {refused.value.file}"
    with pytest.raises(InputError, match=mend):
        dm.eligible(address, **ROLES)


def test_files_by_address(tmp_path: Path) -> None:
    """A file:// address is the path that it means, of a source and of a target."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    pq.write_table(pa.table({"who": ["A", "A"], "day": ["2024-06-01"] * 2, "usd": [8, 1]}), folder / "in.parquet")
    address = f"file://{tmp_path}/a%20folder"
    assert dm.score_files(f"{address}/in.parquet", f"{address}/out.parquet", **ROLES).rows == 2
    assert pq.read_table(folder / "out.parquet")["eligible"].to_pylist() == [False, False]


@pytest.mark.parametrize("option", ["totals", "spill_dir", "rule"])
def test_where_no_address_belongs(option: str) -> None:
    """What takes none refuses it without its credentials."""
    table = pa.table({"who": ["A"], "day": ["2024-06-01"], "usd": [1]})
    options = {name: one for name, one in ROLES.items() if name != "limit" or option != "rule"}
    with pytest.raises(InputError) as refused:
        dm.eligible(table, **options | {option: "s3://somebody:a+secret@bucket/key?token=secret"})
    assert "secret" not in f"{refused.value!s} {refused.value!r} {refused.value.file}"

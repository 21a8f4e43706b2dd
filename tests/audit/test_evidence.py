"""Evidence: what was asked of which bytes, the hashes of the answers, and `verify`, which runs it again."""

from __future__ import annotations

import hashlib
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.audit.evidence.made import prove
from deminimis.audit.evidence.plain_options import options_of, plain_options
from deminimis.cli.ends import ENDS
from deminimis.cli.main import main
from deminimis.errors import InputError
from deminimis.roles.excluded import Exclusion

TABLE = pa.table(
    {
        "who": ["A", "A", "B", "C", None, "D", "D"],
        "day": ["2024-06-01"] * 6 + ["?"],
        "usd": ["400", "400.01", "790", None, "1", "-3", "5"],
    }
)
ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd"}
WORDS = ["--person", "who", "--day", "day", "--value", "usd", "--limit", "800"]
RULE = """
name = "own"
title = "a rule of a test"
authority = "none"
currency = "USD"
key = ["person"]
window = "day"
overflow = "all"
[[step]]
from = 1994-07-28
origin = "every"
limit = "800.00"
citation = "none"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    pq.write_table(TABLE, "in.parquet")
    Path("own.toml").write_text(RULE)
    return tmp_path


def score(*words: str) -> Any:
    assert main(["score", "in.parquet", *WORDS, "--evidence", "audit.json", "-q", *words]) == 0
    return json.loads(Path("audit.json").read_text())


def test_hashes(folder: Path) -> None:
    """Inputs, the output and the answers are hashed as documented: the answers row by row."""
    told = score("-o", "mask.parquet")
    scored = dm.score(TABLE, **ROLES, limit=800)
    by = {name: hashlib.sha256(Path(name).read_bytes()).hexdigest() for name in ("in.parquet", "mask.parquet")}
    assert [one["sha256"] for one in (*told["inputs"], told["output"])] == [*by.values()]
    order = list(told["answers"]["reasons"])
    reasons = bytes(order.index(one) for one in scored.reason.to_pylist())
    units = [None if one is None else int(one * 10_000) for one in scored.total.to_pylist()]
    totals = b"".join(b"\xff" * 16 if one is None else one.to_bytes(16, "little") for one in units)
    wanted = {"eligible": bytes(scored.mask.to_pylist()), "reason": reasons, "total": totals}
    found = {name: told["answers"][f"{name}_sha256"] for name in wanted}
    assert found == {name: hashlib.sha256(content).hexdigest() for name, content in wanted.items()}
    assert None in units and (told["answers"]["rows"], told["answers"]["eligible"]) == (7, 1)


@pytest.mark.parametrize("memory", ["1B", "1GiB"])
@pytest.mark.parametrize("threads", [1, 3])
def test_the_same_whatever_the_way(folder: Path, memory: str, threads: int) -> None:
    """Memory, threads and columns change nothing of the evidence but for its time and threads."""
    pq.write_table(pa.concat_tables([TABLE] * 3000), "in.parquet", row_group_size=1000)
    first = prove("in.parquet", None, **ROLES, limit=800)[1]
    other = prove("in.parquet", None, **ROLES, limit=800, memory_limit=memory, threads=threads, columns=["reason"])[1]
    for one in (first, other):
        del one["time"], one["made_by"]["threads"]
    assert first == other


def test_the_same_again(folder: Path) -> None:
    """Two runs of one command give the same file but for its time; totals and a secret too, which is not in it."""
    Path("key").write_text("a secret that nobody knows")
    Path("key").chmod(0o600)
    assert main(["totals", "in.parquet", *WORDS, "-o", "t.parquet", "--secret-file", "key", "-q"]) == 0
    told = [score("--totals", "t.parquet", "--secret-file", "key") for _ in range(2)]
    text = Path("audit.json").read_text()
    for one in told:
        del one["time"]
    assert told[0] == told[1] and "nobody knows" not in text and told[0]["totals"]["file"] == "t.parquet"
    assert main(["verify", "audit.json", "--secret-file", "key"]) == 0
    assert main(["verify", "audit.json"]) == ENDS["input"].code


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda: pq.write_table(TABLE.slice(1), "in.parquet"), ["input in.parquet", "answers: rows"]),
        (lambda: Path("own.toml").write_text(RULE.replace("800", "700")), ["rule own.toml", "answers: eligible"]),
        (lambda: Path("mask.csv").write_text("eligible\n"), ["output mask.csv"]),
        (lambda: Path("mask.csv").unlink(), ["output mask.csv"]),
        (lambda: Path("in.parquet").unlink(), ["input in.parquet"]),
    ],
)
def test_what_differs(folder: Path, change: Any, what: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What changed since is named, and what that does to the answers; the exit code says that something did."""
    words = ["score", "in.parquet", *WORDS[:-2], "--rule", "own.toml", "-o", "mask.csv", "--evidence", "audit.json"]
    assert main([*words, "-q"]) == 0
    assert main(["verify", "audit.json", "--json"]) == 0
    change()
    assert main(["verify", "audit.json"]) == ENDS["differs"].code == 4
    found = dm.verify("audit.json")
    names = [one.what for one in found.differences]
    assert not found.is_same and set(what) <= {*names}
    assert all(str(one) in capsys.readouterr().out for one in found.differences[:1])


def test_a_file_more(folder: Path) -> None:
    """A file that came into the folder since is a difference."""
    Path("m").mkdir()
    pq.write_table(TABLE, "m/1.parquet")
    dm_evidence("m")
    pq.write_table(TABLE.slice(0, 1), "m/2.parquet")
    assert "input m/2.parquet" in [one.what for one in dm.verify("audit.json").differences]


def dm_evidence(sources: Any, **options: Any) -> dict[str, Any]:
    return prove(sources, None, evidence="audit.json", **ROLES, **{"limit": 800} | options)[1]


def test_a_file_that_changes(folder: Path) -> None:
    """What is written to between the reading and the hashing is an error, and no evidence appears."""
    table = pa.concat_tables([TABLE] * 20_000)
    pq.write_table(table, "in.parquet", row_group_size=1000)

    def touch(told: dm.Progress) -> None:
        os.utime("in.parquet", ns=(0, told.rows + 1))

    with pytest.raises(InputError, match=r"in\.parquet: was written to while it was read"):
        dm_evidence("in.parquet", progress=touch)
    assert not Path("audit.json").exists()


@pytest.mark.parametrize(
    ("manifest", "options", "match"),
    [
        (TABLE, {}, "give paths"),
        ("-", {}, "give paths"),
        ([], {}, "give paths"),
        ("in.parquet", {"excluded": pc.field("usd") == "1"}, "excluded="),
        ("in.parquet", {"totals": TABLE}, "path of a table"),
    ],
)
def test_what_cannot_be_run_again(folder: Path, manifest: Any, options: dict[str, Any], match: str) -> None:
    """Evidence of what no file holds is refused before any row is read."""
    with pytest.raises(InputError, match=match):
        dm_evidence(manifest, **options)
    assert not Path("audit.json").exists()


@pytest.mark.parametrize("target", ["in.parquet", "mask.csv", "."])
def test_places(folder: Path, target: str) -> None:
    """Evidence replaces no input, nor the output beside it, nor a folder."""
    with pytest.raises(InputError):
        prove("in.parquet", "mask.csv", evidence=target, **ROLES, limit=800)
    assert pq.read_table("in.parquet").equals(TABLE) and not Path("mask.csv").exists()


def test_no_clobber(folder: Path) -> None:
    """--no-clobber keeps evidence that is there."""
    Path("audit.json").write_text("mine")
    words = ["score", "in.parquet", *WORDS, "--no-clobber", "--evidence", "audit.json"]
    assert main(words) == ENDS["input"].code and Path("audit.json").read_text() == "mine"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff\xfe",
        b'{"evidence": 2}',
        b'{"evidence": 1}',
        b"[" * 100_000,
        b'{"evidence": 1, "call": 3}',
    ],
)
def test_no_evidence(folder: Path, content: bytes) -> None:
    """A file that is no evidence is an error that names it."""
    Path("other.json").write_bytes(content)
    with pytest.raises(InputError, match=r"other\.json"):
        dm.verify("other.json")


@pytest.mark.parametrize("name", ["inputs", "answers", "call", "settings", "made_by", "rule"])
def test_what_is_left_of_it(folder: Path, name: str) -> None:
    """Evidence of which a part was changed is an error or differs, never a crash."""
    told = dm_evidence("in.parquet")
    Path("audit.json").write_text(json.dumps(told | {name: [7]}))
    try:
        assert not dm.verify("audit.json").is_same
    except InputError as error:
        assert "not whole" in str(error)


OPTIONS = [
    {"person": dm.first_of("a", "b"), "excluded": Exclusion("x or y == 3"), "limit": Decimal("800.50")},
    {"person": ["a", dm.first_of("b", "c")], "placeholders": (), "header": ["a", "b"], "late_days": 1},
    {"rule": dm.Rule.load("us-321").as_of(dm.Rule.load("us-321").steps[3].effective_from)},
    {"rule": dm.Rule("12.50")},
    {"rule": dm.Rule.load("kr")},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_options_are_written_down(options: dict[str, Any]) -> None:
    """Options come back from JSON as they were; resources and the secret are not in it."""
    told = json.loads(json.dumps(plain_options({**options, "secret": b"x" * 16, "threads": 2})))
    found = options_of(told)
    listed = {name: list(one) if isinstance(one, tuple) else one for name, one in options.items()}
    assert found == {name: f"{one:f}" if isinstance(one, Decimal) else one for name, one in listed.items()}

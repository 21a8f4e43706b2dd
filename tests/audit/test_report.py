"""The page of an audit: what it says, that nothing of the files gets out of its text, and that a browser shows it."""

from __future__ import annotations

import json
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

import html_page
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from html_page import Page, browse, tables, without_time

import deminimis as dm
from deminimis.cli.ends import ENDS
from deminimis.cli.main import main
from deminimis.errors import InputError

EVIL = "\"><script>alert(1)</script><img src='http://127.0.0.1:9/x.png'>&amp;\x1b[1m\u202e"
ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd"}
WORDS = ["--person", "who", "--day", "day", "--value", "usd", "--limit", "800", "-q"]
TABLE = pa.table(
    {
        "who": ["Ann", "Ann", "Bob", "Cid", None, "Dot", "Dot", "Ann", "Zoe", "Ann"],
        "day": ["2024-06-01"] * 6 + ["?"] + ["2024-06-02", "2024-06-01", "2024-06-03"],
        "usd": ["400", "400.01", "800", None, "1", "-3", "5", "900", "5000", "390"],
    }
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    pq.write_table(TABLE, "in.parquet")
    return tmp_path


def made(sources: Any = "in.parquet", **options: Any) -> str:
    dm.report(sources, "audit.html", **{**ROLES, "limit": 800} | options)
    return Path("audit.html").read_text()


def test_numbers(folder: Path) -> None:
    """Counts, sums, person-days around the limit, and other limits are those of the rows."""
    text = made()
    found = tables(text)
    summary = dm.score(TABLE, **ROLES, limit=800).summary
    assert {line[0]: line[1] for line in found["Rows by reason"][1:-1]} == {
        reason: str(count) for reason, count in summary.reasons.items()
    }
    values = {line[0]: line[3] for line in found["Rows by reason"][1:]}
    wanted = {
        "eligible": "1,190.00",
        "over-limit": "6,700.01",
        "no-person": "1.00",
        "no-day": "5.00",
        "bad-value": "0.00",
    }
    assert {name: values[name] for name in wanted} == wanted and values["all rows"] == "7,896.01"
    assert [line[:3] + line[4:] for line in found["Rows by day"][1:]] == [
        ["2024-06-01", "7", "1", "6,601.01", "800.00"],
        ["2024-06-02", "1", "0", "900.00", "0.00"],
        ["2024-06-03", "1", "1", "390.00", "390.00"],
        ["no day", "1", "0", "5.00", "0.00"],
    ]
    assert [line[0] for line in found["Rows by month"]] == ["Month", "2024-06", "no day"]
    assert "No column tells the origin" in text
    assert found["Known values"][1:] == [
        ["eligible", "1,190.00"],
        ["not eligible", "6,706.01"],
        ["together", "7,896.01"],
    ]
    bars = {line[0]: int(line[1]) for line in found["The same as numbers"][1:] if line[1] != "0"}
    assert bars == {"760 to 800": 1, "800 to 840": 1, "880 to 920": 1}  # 800 itself is within
    assert "4 person-days have at most 50 %" not in text and "3 person-days have at most 50 %" in text
    curve = {line[0]: int(line[1]) for line in found["Share of rows that would be eligible under other limits"][1:]}
    assert curve == {"200": 0, "400": 1, "600": 1, "800": 2, "1,000": 5, "1,200": 5, "1,400": 5, "1,600": 5}
    assert "3 of 7 person-days are over the limit" in text


def test_origins_and_what_if(folder: Path) -> None:
    """Origins are told as they are counted, and what another limit would flip where that is asked for."""
    origins = ["CN", "cn ", "DE", None, "", EVIL, "CN", "DE", "CN", "CN"]
    pq.write_table(TABLE.append_column("from", pa.array(origins)), "in.parquet")
    text = made(origin="from", against_limit="5000")
    lines = tables(text)["Rows by origin"][1:]
    assert [line[:3] for line in lines[1:]] == [["CN", "5", "1"], ["DE", "2", "1"], ["not told", "2", "0"]]
    flips = tables(text)["Months and origins with rows that flip"]
    assert flips[0][:6] == ["Month", "Origin", "Rows", "Eligible", "Then", "Gained"]
    assert flips[-1] == ["all", "", "10", "2", "6", "4", "6,700.01", "0", "0.00"]
    assert "By a limit of 5000 instead of a limit of 800, 4 rows more would be eligible" in text
    assert "<script" not in text and "What if" not in made()


@pytest.mark.parametrize("names", [False, True])
def test_findings(folder: Path, names: bool) -> None:
    """Each pattern has its definition and numbers; rows, which name persons, only where names are asked for."""
    text = made(names=names)
    found = dm.findings("in.parquet", **ROLES, limit=800)
    assert all(f"<h3>{one.title} ({one.name})</h3>" in text and escape(one.definition) in text for one in found)
    rows = [one.name for one in found if one.table.num_rows]
    assert [name for name in rows if f"The largest of {name}" in tables(text)] == (rows if names else [])


@pytest.mark.parametrize("names", [False, True])
def test_largest(folder: Path, names: bool) -> None:
    """The largest come first; one person has one number on all days, and a name only where that is asked for."""
    text = made(names=names)
    who = [line[1] for line in tables(text)["Largest person-days over the limit"][1:]]
    assert who == (["Zoe", "Ann", "Ann"] if names else ["person 1", "person 2", "person 2"])
    assert [name for name in ("Ann", "Bob", "Dot", "Zoe") if name in text] == (["Ann", "Dot", "Zoe"] if names else [])


def test_cells_with_rows(folder: Path) -> None:
    """What could not be read is told with its row in the manifest and in its file."""
    Path("m").mkdir()
    pq.write_table(TABLE.slice(0, 4), "m/1.parquet")
    pq.write_table(TABLE.slice(4), "m/2.parquet", row_group_size=2)
    lines = tables(made("m"))["Rows with such cells"]
    assert lines == [
        ["Row", "Reason", "File", "Row in file", "who", "day", "usd"],
        ["3", "bad-value", "m/1.parquet", "3", "(not shown)", "2024-06-01", "(null)"],
        ["4", "no-person", "m/2.parquet", "0", "(null)", "2024-06-01", "1"],
        ["5", "bad-value", "m/2.parquet", "1", "(not shown)", "2024-06-01", "-3"],
        ["6", "no-day", "m/2.parquet", "2", "(not shown)", "?", "5"],
    ]


def test_files_do_not_get_out_of_the_text(folder: Path) -> None:
    """Names of files and columns, cells, a title and a rule's words are text, whatever they hold."""
    name = f"in {EVIL.replace('/', '|')}.csv"
    columns = [EVIL + "who", EVIL + "day", EVIL + "usd"]
    rows = TABLE.set_column(0, "who", pa.array([f"{EVIL}{one}" for one in TABLE["who"].to_pylist()]))
    rows = rows.set_column(1, "day", pa.array([one if one != "?" else EVIL for one in rows["day"].to_pylist()]))
    pq.write_table(rows.rename_columns(columns), name.replace(".csv", ".parquet"))
    step = dm.Step(None, None, "every", "800", EVIL)
    rule = dm.Rule(steps=[step], name=EVIL, title=EVIL, authority=EVIL, notes=[EVIL], meaning=[("day", EVIL)])
    roles = dict(zip(("person", "day", "value"), columns, strict=True))
    source = name.replace(".csv", ".parquet")
    dm.report(source, "audit.html", **roles, rule=rule, names=True, title=EVIL)
    text = Path("audit.html").read_text()
    found = Page(text)
    kinds = {tag for tag, *_ in found.elements}
    assert not kinds & {"script", "img", "iframe", "object", "embed", "form", "base"} and "audit" not in kinds
    addresses = [
        value for one in found.all(*kinds) for key, value in one.items() if key in ("href", "src", "xlink:href")
    ]
    assert all(one == "data:," or str(one).startswith("#") for one in addresses)
    assert not any(key.startswith("on") for one in found.all(*kinds) for key in one)
    assert "\x1b" not in text and "\u202e" not in text and "http://127" in text


def test_readable_by_machines(folder: Path) -> None:
    """Language, headings in order, captions, headed rows and columns, titles of charts: what screen readers need."""
    text = made()
    found = Page(text)
    assert found.all("html") == [{"lang": "en"}] and text.startswith("<!DOCTYPE html>")
    levels = [int(tag[1]) for tag, *_ in found.elements if tag in ("h1", "h2", "h3")]
    assert levels.count(1) == 1 and all(after - before <= 1 for before, after in pairwise(levels))
    assert len(found.all("table")) == len(found.all("caption")) > 8
    assert all(one.get("scope") in ("row", "col") for one in found.all("th"))
    ids = [one["id"] for one in found.all("section", "h2", "title", "desc", "pattern") if "id" in one]
    assert len({*ids}) == len(ids)
    for one in found.all("svg"):
        assert one["role"] == "img" and {*str(one["aria-labelledby"]).split()} <= {*ids}
    assert len(found.all("svg")) == 4
    links = [str(one["href"])[1:] for one in found.all("a")]
    assert links and {*links} <= {*ids}
    assert all(one["aria-labelledby"] in ids for one in found.all("section"))
    captions = [text for tag, text in found.texts if tag == "h2"]
    assert captions[0] == "Question and answer" and captions[-2:] == ["What is not checked", "Sign-off"]


@pytest.mark.parametrize("options", [{"limit": 800}, {"rule": "cn-cbec", "limit": None}])
def test_the_same_bytes(folder: Path, options: dict[str, Any]) -> None:
    """The same inputs give the same page but for its time, whatever the memory, though keys are secret."""
    pq.write_table(pa.concat_tables([TABLE] * 2000), "in.parquet", row_group_size=500)
    first = without_time(made(**options))
    assert without_time(made(**options, memory_limit="1B")) == first and made(**options) != first


@pytest.mark.parametrize("rows", [0, 1])
def test_hardly_any_rows(folder: Path, rows: int) -> None:
    """A manifest of no rows, or of one, has its page too."""
    pq.write_table(TABLE.slice(0, rows), "in.parquet")
    assert f'<td class="number">{rows}</td>' in made()


def test_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The page is of the command, which is on it; evidence beside it verifies; `score --report` makes the same."""
    words = ["report", "in.parquet", "-o", "a.html", "--evidence", "a.json", *WORDS]
    assert main(words) == 0 and main(["verify", "a.json", "-q"]) == 0
    text = Path("a.html").read_text()
    assert "deminimis report in.parquet -o a.html --evidence a.json" in text
    assert json.loads(Path("a.json").read_text())["answers"]["total_sha256"] in text
    assert main(["score", "in.parquet", "-o", "mask.csv", "--report", "b.html", *WORDS]) == 0
    own = tables(text), tables(Path("b.html").read_text())
    assert own[0]["Rows by reason"] == own[1]["Rows by reason"] and "output: mask.csv" in str(own[1]["Files"])
    assert main([*words, "--no-clobber"]) == ENDS["input"].code
    assert main(["report", "none.parquet", "-o", "c.html", *WORDS]) == ENDS["input"].code
    assert not Path("c.html").exists() and capsys.readouterr().out == ""


@pytest.mark.parametrize("target", ["in.parquet", "none/audit.html", "."])
def test_where_it_goes(folder: Path, target: str) -> None:
    """A page replaces no input, and a folder that is not there is told before anything is read."""
    with pytest.raises(InputError):
        dm.report("in.parquet", target, **ROLES, limit=800)
    assert pq.read_table("in.parquet").equals(TABLE)


def test_of_files_alone(folder: Path) -> None:
    """What lies in no file has no hash, and no page."""
    with pytest.raises(InputError, match="give paths"):
        made(TABLE)


def test_in_a_browser(folder: Path) -> None:
    """Chromium shows the page without a request, an error or a warning, and prints it."""
    made(title="A page")
    path = folder / "audit.html"
    assert browse(path, "--window-size=1280,1600", f"--screenshot={folder}/wide.png") == ""
    assert browse(path, "--no-pdf-header-footer", f"--print-to-pdf={folder}/page.pdf") == ""
    assert Path("wide.png").read_bytes()[16:24] == (1280).to_bytes(4, "big") + (1600).to_bytes(4, "big")
    assert Path("page.pdf").read_bytes().startswith(b"%PDF-")
    asking = path.with_name("asking.html")
    asking.write_text(path.read_text().replace("</main>", '<img src="http://127.0.0.1:9/x.png"></main>'))
    assert "Content Security Policy" in browse(asking, "--dump-dom")  # so that the silence above says something


def test_browser_is_found() -> None:
    """The checks of a change install a browser, so that the test above runs there."""
    assert "chromium" in (Path(__file__).resolve().parents[2] / ".ci" / "run").read_text()
    assert html_page.WORDS

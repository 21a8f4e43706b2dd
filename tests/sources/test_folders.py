"""What of folders, lists and patterns is read and what is left out; no row is read twice, and nothing is silent."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.errors import InputError
from deminimis.sources.open import open_source

ROLES = {"person": "p", "day": "d", "value": "v", "limit": 800}
HALF = "p,d,v\nA,2024-06-01,500\n"
"""Read once, its row is eligible; read twice it is not."""


def put(folder: Path, *names: str) -> Path:
    """Files with one row each in a folder."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HALF)
    return folder


def names(paths: tuple[str, ...], folder: Path) -> list[str]:
    return [Path(path).relative_to(folder).as_posix() for path in paths]


@pytest.mark.parametrize(
    "name",
    ["a.csv.bak", "a.csv.tmp", "a.csv.crc", "a.csv.inprogress", "a.csv.part", "a.csv~", "~lock.a.csv", "~$a.csv",
     ".~lock.a.csv#", ".a.csv", "a.csv.BAK", "_SUCCESS", "README.md", "_temporary/0/a.csv", ".git/a.csv"],
)  # fmt: skip
def test_what_is_no_data(tmp_path: Path, name: str) -> None:
    """Backups, parts of files, marks and papers are not read, also where they hold a table; they are counted."""
    source = open_source(put(tmp_path, "a.csv", name))
    assert names(source.files, tmp_path) == ["a.csv"]
    assert names(source.left_out, tmp_path) == [name.split("/")[0]]


@pytest.mark.parametrize(
    ("name", "begin", "why"),
    [
        ("b.csv.xz", b"\xfd7zXZ\x00", "an xz archive"),
        ("b.csv.zip", b"PK\x03\x04" + bytes(26) + b"b.csv", "a zip archive"),
        ("b.xlsx", b"PK\x03\x04" + bytes(26) + b"xl/workbook.xml", "an Excel workbook"),
        ("part-00001", HALF.encode(), "no ending"),
        ("b.dat", HALF.encode(), "no ending"),
        ("_late.csv", HALF.encode(), "begins with _"),
        ("_late/b.csv", HALF.encode(), "begins with _"),
    ],
)
def test_what_may_be_data_is_told(tmp_path: Path, name: str, begin: bytes, why: str) -> None:
    """A file that may hold rows and is left out is named in a note, with the reason; the run goes on."""
    put(tmp_path, "a.csv", name)
    (tmp_path / name).write_bytes(begin)
    summary = dm.score_files(tmp_path, None, **ROLES)
    (note,) = summary.notes
    left_out = name.split("/")[0]
    assert left_out in note and why in note
    assert (summary.rows, names(summary.left_out, tmp_path)) == (1, [left_out])
    assert summary.to_dict()["left_out"] == list(summary.left_out)


def test_files_of_other_endings_are_read(tmp_path: Path) -> None:
    """Bars and tabs by their endings, packed or not, and a Parquet file that has no ending."""
    (tmp_path / "a.psv").write_text("p|d|v\nA|2024-06-01|500\n")
    (tmp_path / "b.tab").write_text("p\td\tv\nA\t2024-06-01\t300\n")
    with pa.CompressedOutputStream(str(tmp_path / "c.tsv.zst"), "zstd") as file:
        file.write(b"p\td\tv, in USD\tv\nB\t2024-06-01\t1\t900\n")
    with pa.CompressedOutputStream(str(tmp_path / "d.tsv.bz2"), "bz2") as file:
        file.write(b"p\td\tv\nC\t2024-06-01\t800\n")
    assert dm.eligible(tmp_path, **ROLES).to_pylist() == [True, True, False, True]


def test_parquet_without_an_ending(tmp_path: Path) -> None:
    """It is known by its first bytes; its backup is none of the manifest."""
    table = pa.table({"p": ["A"], "d": ["2024-06-01"], "v": [500]})
    for name in ("part-0", "part-0.bak"):
        pq.write_table(table, tmp_path / name)
    assert dm.eligible(tmp_path, **ROLES).to_pylist() == [True]


def test_patterns_pass_over_what_folders_do(tmp_path: Path) -> None:
    """`in/*` is the folder's files; a pattern that names an ending means what it matches; ** finds a file once."""
    put(tmp_path, "a.csv", "_SUCCESS", "b.csv.bak", "x.csv/c.csv")
    assert names(open_source(str(tmp_path / "*")).files, tmp_path) == ["a.csv", "x.csv/c.csv"]
    assert names(open_source(str(tmp_path / "*.bak")).files, tmp_path) == ["b.csv.bak"]
    assert names(open_source(str(tmp_path / "**" / "*.csv")).files, tmp_path) == ["a.csv", "x.csv/c.csv"]


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_one_file_by_two_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: object) -> None:
    """Its rows would count twice: links, hard links, `./a`, the file beside its folder, patterns that overlap."""
    put(tmp_path, "in/a.csv")
    link(tmp_path / "in" / "a.csv", tmp_path / "b.csv")  # type: ignore[operator]
    monkeypatch.chdir(tmp_path)
    for manifest in (
        ["b.csv"] * 2,
        [Path("b.csv")] * 2,
        ["in/a.csv", "b.csv"],
        ["in/a.csv", "./in/a.csv"],
        ["in", "in/a.csv"],
        ["in/*.csv", "in/a*"],
    ):
        with pytest.raises(InputError, match="would count twice"):
            open_source(manifest)


def test_hard_links_in_a_folder(tmp_path: Path) -> None:
    """Two names of one file in a folder are no guess."""
    put(tmp_path, "a.csv")
    os.link(tmp_path / "a.csv", tmp_path / "b.csv")
    with pytest.raises(InputError, match=r"b\.csv: is the same file as .*a\.csv: its rows would count twice"):
        open_source(tmp_path)


def test_links_within_a_folder_are_followed_once(tmp_path: Path) -> None:
    """A link to a folder or a file that is read by its own name adds nothing; the answer is that of the rows."""
    put(tmp_path, "2024-06-01/a.csv")
    (tmp_path / "latest").symlink_to(tmp_path / "2024-06-01", target_is_directory=True)
    (tmp_path / "latest.csv").symlink_to(tmp_path / "2024-06-01" / "a.csv")
    source = open_source(tmp_path)
    assert names(source.files, tmp_path) == ["2024-06-01/a.csv"]
    assert names(source.left_out, tmp_path) == ["latest", "latest.csv"]
    assert dm.eligible(tmp_path, **ROLES).to_pylist() == [True]


def test_links_to_what_is_hidden_are_followed(tmp_path: Path) -> None:
    """A store of blobs with links to them, as download caches have it: each is read, once."""
    put(tmp_path, ".blobs/1234", ".blobs/5678/b.csv")
    for name in ("a.csv", "copy-of-a.csv"):
        (tmp_path / name).symlink_to(tmp_path / ".blobs" / "1234")
    (tmp_path / "more").symlink_to(tmp_path / ".blobs" / "5678", target_is_directory=True)
    assert names(open_source(tmp_path).files, tmp_path) == ["a.csv", "more/b.csv"]


def test_links_out_of_a_folder_are_said(tmp_path: Path) -> None:
    """What lies outside is read through the link, and a note says so."""
    put(tmp_path, "elsewhere/b.csv", "in/a.csv")
    (tmp_path / "in" / "more").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    source = open_source(tmp_path / "in")
    assert names(source.files, tmp_path) == ["in/a.csv", "in/more/b.csv"]
    (note,) = source.notes
    assert "more is a link to" in note and "elsewhere, outside of its folder" in note


def test_links_to_what_is_left_out_or_read(tmp_path: Path) -> None:
    """A link out of the folder to no data is no news; two links to a folder and to one in it read each file once."""
    put(tmp_path, "elsewhere/README.md", "data/a/a.csv", "data/b.csv")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "about.md").symlink_to(tmp_path / "elsewhere" / "README.md")
    (tmp_path / "in" / "one").symlink_to(tmp_path / "data" / "a", target_is_directory=True)
    (tmp_path / "in" / "two").symlink_to(tmp_path / "data", target_is_directory=True)
    source = open_source(tmp_path / "in")
    assert names(source.files, tmp_path / "in") == ["one/a.csv", "two/b.csv"]
    assert names(source.left_out, tmp_path / "in") == ["about.md", "two/a"]
    assert len(source.notes) == 2


def test_loops_of_links(tmp_path: Path) -> None:
    """A link to a folder above it, links to each other, and a link to nothing say what they are."""
    put(tmp_path, "in/a.csv")
    loop = tmp_path / "in" / "again.csv"
    loop.symlink_to(tmp_path / "in", target_is_directory=True)
    with pytest.raises(InputError, match=r"again\.csv: is a loop of links"):
        open_source(tmp_path / "in")
    loop.unlink()
    loop.symlink_to(loop)
    for manifest in (tmp_path / "in", loop):
        with pytest.raises(InputError, match=r"again\.csv: is a loop of links"):
            open_source(manifest)
    loop.unlink()
    loop.symlink_to(tmp_path / "nothing.csv")
    with pytest.raises(InputError, match=r"again\.csv: is a link to a file that is not there"):
        open_source(tmp_path / "in")


def test_tables_with_a_log(tmp_path: Path) -> None:
    """Files that the log of a Delta, Iceberg or Hudi table may have removed are never read as they lie."""
    table = pa.table({"p": ["A"], "d": ["2024-06-01"], "v": [500]})
    for name, mark, line in (
        (
            "delta",
            "_delta_log/00000000000000000001.json",
            r"deltalake\.DeltaTable\(.*\) by itself \(pip install",
        ),
        ("iceberg", "metadata/v1.metadata.json", r"StaticTable\.from_metadata\('.*/metadata/v1\.metadata\.json'\)"),
        ("hudi", ".hoodie/hoodie.properties", "hudi"),
    ):
        put(tmp_path / name, mark)
        data = tmp_path / name / ("data" if name == "iceberg" else "day=2024-06-01") / "part-0.parquet"
        data.parent.mkdir()
        pq.write_table(table, data)
        for manifest in (tmp_path / name, tmp_path, data, str(data.parent / "*.parquet"), [data]):
            if manifest != tmp_path or name == "delta":
                is_asked = name == "delta" and manifest == tmp_path / name and find_spec("deltalake") is not None
                told = "is no readable Delta table" if is_asked else rf"is an? {name.title()} table.*{line}"
                with pytest.raises(InputError, match=rf"{name}: {told}"):
                    open_source(manifest)


def test_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `~` that no shell has replaced is the home folder, of inputs and of outputs."""
    monkeypatch.setenv("HOME", str(put(tmp_path, "a.csv")))
    assert dm.score_files("~/a.csv", "~/mask.parquet", **ROLES).rows == 1
    assert pq.read_table(tmp_path / "mask.parquet").num_rows == 1


@pytest.mark.parametrize(
    ("address", "mend"),
    [
        ("hdfs://host/m.parquet", r"pyarrow\.dataset\.dataset\('hdfs://host/m\.parquet'\)"),
        ("oss://bucket/in/*.csv", "copy it here first"),
        ("https://example.org/m.csv", "download it first"),
        ("file://elsewhere/in/m.csv", "give file:///PATH, or the path by itself"),
    ],
)
def test_addresses(address: str, mend: str) -> None:
    """What lies on another machine is refused by its address, not as a missing file."""
    with pytest.raises(InputError, match=rf"is an address \(\w+://\), which is not read: .*{mend}"):
        open_source(address)
    with pytest.raises(InputError, match=r"is an address \(\w+://\), which is not read"):
        open_source([Path(address)])

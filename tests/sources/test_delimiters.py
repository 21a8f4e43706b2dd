"""Which character cuts the cells of CSV: as said, as Excel's first line says, else as the first rows show."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import deminimis as dm
from deminimis.errors import InputError
from deminimis.sources.open import open_source

ROLES = {"person": "p", "day": "d", "value": "v", "limit": 800}


@pytest.mark.parametrize("line", ["sep=;\n", "sep=;\r\n", '"sep=;"\n', "SEP=;\n", "\ufeffsep=;\n"])
@pytest.mark.parametrize("packs", [False, True])
def test_excels_first_line(tmp_path: Path, line: str, packs: bool) -> None:
    """`sep=;` is no row: it says how the others are cut, also where a column name has commas."""
    text = f"{line}p;d;v;a, b, c\nA;2024-06-01;500;x\nB;2024-06-01;900;\n"
    path = tmp_path / ("m.csv.gz" if packs else "m.csv")
    if packs:
        import gzip

        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, newline="")
    for manifest in (path, io.BytesIO(path.read_bytes())):
        source = open_source(manifest)
        assert (source.schema.names, source.notes) == (["p", "d", "v", "a, b, c"], ())
    assert dm.eligible(path, **ROLES).to_pylist() == [True, False]


def test_excels_first_line_beside_options(tmp_path: Path) -> None:
    """A tab is said as it is; no header and an encoding of two bytes make no difference; an option outweighs it."""
    path = tmp_path / "m.csv"
    path.write_text("sep=\t\nA\t2024-06-01\t500\n")
    assert open_source(path, header=False).schema.names == ["f0", "f1", "f2"]
    path.write_text("sep=;\np;d;v\nA;2024-06-01;500\n", encoding="utf-16")
    assert open_source(path, encoding="utf-16").schema.names == ["p", "d", "v"]
    path.write_text("sep=;\np,d,v\nA,2024-06-01,500\n")
    assert open_source(path, delimiter=",").schema.names == ["p", "d", "v"]
    path.write_text("sep=,d,v\nA,2024-06-01,500\n")
    assert open_source(path).schema.names == ["sep=", "d", "v"]


def test_rows_keep_their_numbers_behind_it(tmp_path: Path) -> None:
    """An error names the line of the file, the line of `sep=` counted."""
    path = tmp_path / "m.csv"
    path.write_text("sep=;\np;d;v\nA;2024-06-01;500\nB;2024-06-01\n")
    with pytest.raises(InputError, match="line 4 has 2 cells where there are 3"):
        dm.eligible(path, **ROLES)


@pytest.mark.parametrize(
    ("text", "names", "is_told"),
    [
        ("p;d;v;Note, free\nA;2024-06-01;500;x\n", ["p", "d", "v", "Note, free"], True),
        ("p\td\tv, in USD\nA\t2024-06-01\t500\n", ["p", "d", "v, in USD"], True),
        ("p|d|v|a, b\nA|2024-06-01|500|x\n", ["p", "d", "v", "a, b"], True),
        ("p;d;v;a, b\nA;2024-06-01;5,00;x\n", ["p", "d", "v", "a, b"], True),
        ("p;d;v;a, b, c, d\nA;2024-06-01;500;x\n", ["p", "d", "v", "a, b, c, d"], True),
        ("p;d;v;a, b\n", ["p", "d", "v", "a, b"], True),
        ("p;d;v\nA;2024-06-01;5,00\n", ["p", "d", "v"], False),
        ("p,d,v;w\nA,2024-06-01,500\n", ["p", "d", "v;w"], False),
        ("p,d,v;w;x;y;z\nA,2024-06-01,1;2;3;4;5\n", ["p", "d", "v;w;x;y;z"], False),
        ('p,d,"v;w;x"\nA,2024-06-01,500\n', ["p", "d", "v;w;x"], False),
        ("p\nA\n", ["p"], False),
        ("p,d\nA,2024-06-01\n", ["p", "d"], False),
    ],
)
def test_guess(tmp_path: Path, text: str, names: list[str], is_told: bool) -> None:
    """By the first rows; a note tells it where the header alone would have been cut at commas."""
    path = tmp_path / "m.csv"
    path.write_text(text)
    source = open_source(path)
    assert source.schema.names == names
    assert [("delimiter=" in note, str(path) in note) for note in source.notes] == [(True, True)] * is_told
    assert open_source(io.BytesIO(text.encode())).schema.names == names


def test_guess_is_told_in_the_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The note is in the summary, in its JSON, and on the terminal in the words of the shell."""
    from deminimis.cli.main import main

    path = tmp_path / "m.csv"
    path.write_text("p;d;v;Note, free\nA;2024-06-01;500;x\n")
    (note,) = dm.score_files(path, None, **ROLES).notes
    assert note == f"{path} is cut at ';', as its first rows show; delimiter= says otherwise."
    words = [str(path), "--person", "p", "--day", "d", "--value", "v", "--limit", "800"]
    assert main(["score", *words]) == main(["plan", *words]) == 0
    assert capsys.readouterr().out.count(f"NOTE: {path} is cut at ';', as its first rows show; --delimiter says") == 2

"""What --no-clobber keeps."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import FrameType

import pytest

from deminimis.cli.main import main
from deminimis.results.answering import write_answers

LIMIT = ["--person", "who", "--day", "day", "--value", "usd", "--limit", "800"]


def test_a_file_that_appears_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--no-clobber also keeps an output that another writes while the manifest is read."""
    target = tmp_path / "mask.csv"

    class Input(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            target.write_text("another's")
            return super().read(size)

    content = b"who,day,usd\nA,2024-06-01,1\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Input(content)))
    assert main(["score", "-", "-o", str(target), *LIMIT, "--no-clobber"]) == 2
    assert "mask.csv: is there already, and is to be kept" in capsys.readouterr().err
    assert target.read_text() == "another's" and list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    "words", [["-o", "mask.csv"], ["--evidence", "e.json"], ["--report", "page.html"]], ids=" ".join
)
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_all_that_is_written_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], when: str
) -> None:
    """Of answers, evidence and the page of the audit, --no-clobber keeps each, and writes what is not there."""
    monkeypatch.chdir(tmp_path)
    manifest = Path("in.csv")
    manifest.write_text("who,day,usd\nA,2024-06-01,1\n")
    said = ["score", "in.csv", *LIMIT, "--no-clobber", *words]
    assert main(said) == 0
    kept = Path(words[1])
    written = kept.read_text()
    kept.unlink()

    def appear(frame: FrameType, event: str, argument: object) -> None:
        if when == "meanwhile" and frame.f_code is write_answers.__code__:
            kept.write_text("another's")

    if when == "before":
        kept.write_text("another's")
    before = sys.gettrace()
    sys.settrace(appear)
    try:
        assert main(said) == 2
    finally:
        sys.settrace(before)
    assert "is there already" in capsys.readouterr().err
    assert written != kept.read_text() == "another's" and len(list(tmp_path.iterdir())) == 2

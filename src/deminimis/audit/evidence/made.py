"""Evidence of one scoring as a JSON file: what was asked of which bytes, by what, when, and hashes of the answers."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

from ...api import start_run
from ...errors import InputError, option
from ...kernels.choice import chosen_file
from ...machine import available_bytes, default_threads
from ...progress import Report
from ...results.answering import write_answers
from ...results.summary import Summary
from ...run.answers import Answer
from ...sinks.files import NewFile
from ...sources.base import Source
from ...sources.open import open_source
from ...text import plain
from .hashes import AnswerHashes, FileHash, Seen, hash_of_file
from .plain_options import check_on_disk, plain_options, sources_of

FORM = 1
"""The number of the form that the file has."""
Evidence = dict[str, Any]
"""What the file holds. All but `time` is the same whenever the same is run again on the same machine."""
_WHAT = "what is needed to run a scoring again, and hashes of what it read and answered: deminimis verify FILE"
_SUFFIX = ".toml"


class Gathered:
    """A scoring whose evidence is gathered as it runs: made before it, `of` after it.

    Parameters
    ----------
    sources : object
        Paths and patterns, as they were given.
    options : mapping
        Roles and settings.
    command : str, optional
        The exact words of the command line.
    law : mapping
        Names or paths of the rule and the feed that `options` do not tell by themselves.
    """

    def __init__(
        self, sources: Any, options: Mapping[str, Any], command: str | None, law: Mapping[str, str | None], totals: Any
    ) -> None:
        check_on_disk(totals)
        self._began = datetime.now(UTC)
        self._clock = time.perf_counter()
        if totals is not None and not isinstance(totals, (str, os.PathLike)):
            raise InputError(f"evidence takes {option('totals')} as the path of a table")
        self._given: dict[str, Any] = {
            "sources": sources_of(sources),
            "options": plain_options(options),
            "totals": None if totals is None else os.fspath(totals),
        }
        self._command = command
        self._has_secret = options.get("secret") is not None
        told = {"rule": options.get("rule"), "feed": None} | {name: one for name, one in law.items() if one}
        self._law = {name: os.fspath(one) for name, one in told.items() if isinstance(one, (str, os.PathLike))}
        own = [path for path in self._law.values() if not _is_shipped(path)]
        self._seen_law = Seen(own + ([os.fspath(totals)] if totals is not None else []))
        self.answers = AnswerHashes()

    def see(self, source: Source) -> None:
        """Note the files as they are before the first row is read."""
        self._seen = Seen(source.files)

    def of(self, summary: Summary, output: str | os.PathLike[str] | None = None) -> Evidence:
        """The evidence of what was run; every file is read again for its hash, and is still what it was."""
        inputs = self._seen.hashes(summary.threads)
        own = {one.file: one for one in self._seen_law.hashes()}
        totals = self._given["totals"]
        law = {kind: own[path] if path in own else _shipped_hash(path, kind) for kind, path in self._law.items()}
        written = hash_of_file(output) if output is not None and Path(output).is_file() else None
        return {
            "evidence": FORM,
            "what": _WHAT,
            "command": self._command,
            "call": self._given | {"has_secret": self._has_secret},
            "settings": plain(summary.settings),
            "inputs": [one._asdict() for one in inputs],
            "left_out": list(summary.left_out),
            "rule": _plain(law.get("rule")),
            "feed": _plain(law.get("feed")),
            "totals": None if totals is None else own[totals]._asdict(),
            "answers": answers_of(summary) | self.answers.found(),
            "output": _plain(written),
            "notes": [str(note) for note in summary.notes],
            "made_by": versions() | {"threads": summary.threads},
            "time": {
                "began": self._began.isoformat(timespec="seconds"),
                "seconds": round(time.perf_counter() - self._clock, 3),
            },
        }


def score_with_evidence(
    sources: Any, target: str | Path | BinaryIO | None, *, evidence: str | os.PathLike[str], **options: Any
) -> Summary:
    """`score_files`, whose options these are, and a file of evidence beside what it writes.

    Parameters
    ----------
    evidence : path
        A JSON file, which appears whole or not at all.
    """
    return prove(sources, target, evidence=evidence, **options)[0]


def prove(
    sources: Any,
    target: str | Path | BinaryIO | None,
    *,
    evidence: str | os.PathLike[str] | None = None,
    command: str | None = None,
    law: Mapping[str, str | None] | None = None,
    totals: Any = None,
    columns: Sequence[str] = ("eligible",),
    append: bool = False,
    format: str | None = None,
    replace: bool = True,
    progress: Report | None = None,
    by: Sequence[str] | None = None,
    id: str | None = None,
    **options: Any,
) -> tuple[Summary, Evidence]:
    """Score, and give the account of it and the evidence, which is written to a file where one is named.

    `command` and `law` are as of `Gathered`.
    """
    proof = Proof(sources, options, command, law or {}, totals)
    with new_texts([evidence], proof.source, target, replace=replace) as (file,):
        how: dict[str, Any] = {
            "columns": columns,
            "append": append,
            "format": format,
            "progress": progress,
            "by": by,
            "id": id,
            "replaces": replace,
        }
        found = proof.answer(target, **how)
        write_text(file, in_json(found[1]))
    return found


class Proof:
    """A run whose evidence is gathered while it answers; the parameters are those of `Gathered`."""

    def __init__(
        self, sources: Any, options: Mapping[str, Any], command: str | None, law: Mapping[str, str | None], totals: Any
    ) -> None:
        self._gathered = Gathered(sources, options, command, law, totals)
        others = {name: one for name, one in options.items() if name not in ("person", "day", "value")}
        roles = {name: options[name] for name in ("person", "day", "value")}
        self.run, reading = start_run(others, outcomes=True, totals=totals, **roles)  # type: ignore[arg-type]
        self.source = open_source(sources, **reading)
        self.source.places |= self.run.account.places
        self._gathered.see(self.source)

    def answer(
        self, target: str | Path | BinaryIO | None, also: Callable[[Answer], Answer] | None = None, **how: Any
    ) -> tuple[Summary, Evidence]:
        """Answer and write as `write_answers` does; `also` sees the answers too."""
        take = self._gathered.answers.take
        self.run.watch = take if also is None else lambda answer: also(take(answer))
        summary = write_answers(self.run, self.source, target, **how)
        path = target if isinstance(target, (str, os.PathLike)) and target != "-" else None
        return summary, self._gathered.of(summary, path)


@contextmanager
def new_texts(
    paths: Sequence[str | os.PathLike[str] | None], source: Source, target: object, *, replace: bool = True
) -> Iterator[list[NewFile | None]]:
    """Files of text in the making beside a target: none of them is another, nor what is read, nor, without `replace`,
    what is there; on an error, none."""
    check_on_disk(*paths, target)
    files: list[NewFile | None] = []
    taken = {_resolved(target)} if isinstance(target, (str, os.PathLike)) and target != "-" else set()
    try:
        for path in paths:
            if path is not None and (own := _resolved(path)) in taken:
                raise InputError("is asked to hold two things: give each a file of its own.", file=os.fspath(path))
            if path is not None and own.is_dir():
                raise InputError("is a folder: give the name of a file in it.", file=os.fspath(path))
            taken |= set() if path is None else {own}
            files.append(None if path is None else NewFile(Path(path), source.places, replace=replace))
        yield files
    except BaseException:
        for file in filter(None, files):
            file.abort()
        raise


def _resolved(path: str | os.PathLike[str]) -> Path:
    return Path(path).resolve()


def write_text(file: NewFile | None, text: str) -> None:
    """Let the file appear with this text, where there is one."""
    if file is not None:
        file.write(text.encode("utf-8", "surrogateescape"))
        file.commit()


def in_json(evidence: Evidence) -> str:
    """Evidence as the text of its file."""
    return json.dumps(evidence, indent=2, ensure_ascii=False) + "\n"


def answers_of(summary: Summary) -> dict[str, Any]:
    """Counts and sums of a run, as evidence has them."""
    return {
        "rows": summary.rows,
        "groups": summary.groups,
        "eligible": summary.eligible,
        "reasons": dict(summary.reasons),
        "value_eligible": f"{summary.value_eligible:f}",
        "value_not_eligible": f"{summary.value_not_eligible:f}",
    }


def versions() -> dict[str, Any]:
    """What ran: the package, its kernel, Python, Arrow, NumPy, the system and the machine."""
    name = chosen_file()
    return {
        "deminimis": version("deminimis"),
        "kernel": name.parent.name,
        "kernel_sha256": hash_of_file(name).sha256,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "pyarrow": version("pyarrow"),
        "numpy": version("numpy"),
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "cores": default_threads(),
        "memory_bytes": available_bytes(),
    }


def _plain(found: FileHash | None) -> dict[str, Any] | None:
    return None if found is None else found._asdict()


def _is_shipped(name: str) -> bool:
    """Whether it is the name of a file of the package rather than a path, as `open_toml` takes it."""
    return not (name.endswith(_SUFFIX) or "/" in name or os.sep in name)


def _shipped_hash(name: str, kind: str) -> FileHash:
    content = (resources.files(f"deminimis.{kind}s") / "shipped" / f"{name}{_SUFFIX}").read_bytes()
    return FileHash(f"{name}{_SUFFIX} (shipped)", len(content), hashlib.sha256(content).hexdigest())

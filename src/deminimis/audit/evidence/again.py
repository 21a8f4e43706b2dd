"""`verify`: what evidence says is run again, and what differs is told."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import InputError, option
from ...progress import Report
from ...sources.base import reading
from ...text import counted, plain, shortened
from .hashes import hash_of_file
from .made import FORM, Evidence, prove
from .plain_options import options_of

BYTES_MAX = 256 << 20
"""Of a file of evidence: a million inputs and more."""
_TABLES = ("answers", "call", "made_by", "settings")
_TOLD = 100


@dataclass(frozen=True)
class Difference:
    """One thing that is not what the evidence says.

    Parameters
    ----------
    what : str
        A file, a count or a hash, such as "answers: eligible".
    was, now : str, optional
        As the evidence has it, and as it is; None: it is not there.
    """

    what: str
    was: str | None
    now: str | None

    def __str__(self) -> str:
        was = "not there" if self.was is None else self.was
        return f"{self.what}: was {was}, is {'not there' if self.now is None else self.now}"


@dataclass(frozen=True)
class Verification:
    """What `verify` found; `str()` tells it to a person.

    Parameters
    ----------
    differences : tuple of Difference
        Of inputs, rule, feed, settings, answers and the file that was written; none: all is as the evidence says.
    versions : tuple of Difference
        Other versions or another machine than then, which by itself changes no answer.
    rows : int, optional
        The rows that were answered again; None: it was not run again, as an input is not there.
    """

    differences: tuple[Difference, ...]
    versions: tuple[Difference, ...]
    rows: int | None

    @property
    def is_same(self) -> bool:
        """Whether everything is as the evidence says, and was run again."""
        return not self.differences and self.rows is not None

    def to_dict(self) -> dict[str, object]:
        """Every field and `is_same`, made of what JSON has."""
        named = {name: [vars(one) for one in getattr(self, name)] for name in ("differences", "versions")}
        return {"is_same": self.is_same, "rows": self.rows, **named}

    def __str__(self) -> str:
        if self.is_same:
            lines = [f"The same: {counted(self.rows or 0, 'row')} answered again, every hash as the evidence has it"]
        else:
            lines = [f"Not the same: {counted(len(self.differences), 'difference')}"]
            lines += [f"  {one}" for one in self.differences[:_TOLD]]
            if len(self.differences) > _TOLD:
                lines.append(f"  and {len(self.differences) - _TOLD:,} more")
            if self.rows is None:
                lines.append("It was not run again, as not all inputs are there")
        if self.versions:
            lines.append("Run by another version or machine than then, which by itself changes no answer:")
            lines += [f"  {one}" for one in self.versions]
        return "\n".join(lines)


def verify(
    evidence: str | os.PathLike[str],
    *,
    secret: bytes | None = None,
    threads: int | None = None,
    memory_limit: int | str | None = None,
    spill_dir: str | os.PathLike[str] | None = None,
    progress: Report | None = None,
) -> Verification:
    """Run again what a file of evidence says, and tell what differs.

    Parameters
    ----------
    evidence : path
        What `score --evidence` or `report` wrote. Its paths are taken from the working folder.
    secret : bytes, optional
        The secret of the run, where totals that were given answered it: evidence does not hold it.
    threads, memory_limit, spill_dir, progress
        As of `score_files`.

    Returns
    -------
    Verification
        `is_same`, and every difference. Inputs that changed are scored all the same.

    Raises
    ------
    InputError
        The file is no evidence, or its run cannot be done again.
    """
    told = read_evidence(evidence)
    call = told["call"]
    absent = [one["file"] for one in told["inputs"] if not Path(one["file"]).is_file()]
    if absent:
        gone = tuple(Difference(f"input {file}", "there", None) for file in absent)
        return Verification(gone, (), None)
    options = options_of(call["options"])
    if call["totals"] is not None and call["has_secret"] and secret is None:
        raise InputError(f"the run was answered by totals, under a secret: give {option('secret')}", file=str(evidence))
    own = {"threads": threads, "memory_limit": memory_limit, "spill_dir": spill_dir, "secret": secret}
    resources: dict[str, Any] = {name: one for name, one in own.items() if one is not None}
    law = {kind: _path(told.get(kind)) for kind in ("rule", "feed")}
    sources = call["sources"]
    _, now = prove(
        sources[0] if len(sources) == 1 else sources,
        None,
        law=law,
        totals=call["totals"],
        progress=progress,
        **options,
        **resources,
    )
    differences = [*_of_files(told, now), *_of_tables(told, now, "settings"), *_of_tables(told, now, "answers")]
    written = told.get("output")
    if written is not None:
        there = Path(written["file"]).is_file()
        found = hash_of_file(written["file"]).sha256 if there else None
        differences += _differing(f"output {written['file']}", written["sha256"], found)
    return Verification(
        tuple(differences), tuple(_of_tables(told, now, "made_by", but="threads")), now["answers"]["rows"]
    )


def read_evidence(path: str | os.PathLike[str]) -> Evidence:
    """A file of evidence, its form checked.

    Raises
    ------
    InputError
        It is none, or of a form that this version does not know.
    """
    name = os.fspath(path)
    with reading(name, "is no evidence", "give what --evidence wrote."), Path(path).open("rb") as file:
        content = file.read(BYTES_MAX + 1)
        if len(content) > BYTES_MAX:
            raise InputError(f"is larger than {BYTES_MAX >> 20} MiB: it is no evidence.", file=name)
        try:
            told = json.loads(content)
        except RecursionError as error:
            raise InputError("is no evidence: its brackets go too deep.", file=name) from error
    if not isinstance(told, dict) or "evidence" not in told:
        raise InputError("is no evidence: give what --evidence wrote.", file=name)
    if told["evidence"] != FORM:
        form = shortened(str(told["evidence"]), 20)
        raise InputError(f"has form {form} and this version knows {FORM}: use the version that wrote it.", file=name)
    if not _is_whole(told):
        raise InputError("is not whole: something in it was changed or is missing.", file=name)
    return told


def _is_whole(told: Mapping[str, Any]) -> bool:
    if not isinstance(told.get("inputs"), list) or not all(isinstance(told.get(name), dict) for name in _TABLES):
        return False
    call = told["call"]
    files = [*told["inputs"], *(told[name] for name in ("rule", "feed", "output") if told.get(name) is not None)]
    return (
        all(
            isinstance(one, dict) and isinstance(one.get("file"), str) and isinstance(one.get("sha256"), str)
            for one in files
        )
        and isinstance(call.get("sources"), list)
        and bool(call["sources"])
        and all(isinstance(one, str) for one in call["sources"])
        and isinstance(call.get("options"), dict)
        and {"person", "day", "value"} <= call["options"].keys()
        and isinstance(call.get("has_secret"), bool)
        and (call.get("totals") is None or isinstance(call["totals"], str))
    )


def _path(found: Mapping[str, Any] | None) -> str | None:
    return None if found is None else str(found["file"]).removesuffix(".toml (shipped)")


def _of_files(told: Evidence, now: Evidence) -> list[Difference]:
    was, found = ({one["file"]: one["sha256"] for one in one_of["inputs"]} for one_of in (told, now))
    names = list(dict.fromkeys([*was, *found]))
    differences = [one for name in names for one in _differing(f"input {name}", was.get(name), found.get(name))]
    if not differences and list(was) != list(found):
        differences.append(Difference("inputs: their order", ", ".join(was), ", ".join(found)))
    for kind in ("rule", "feed", "totals"):
        before, after = told.get(kind), now.get(kind)
        name = f"{kind} {(before or after or {}).get('file', '')}".strip()
        differences += _differing(name, (before or {}).get("sha256"), (after or {}).get("sha256"))
    return differences


def _of_tables(told: Evidence, now: Evidence, table: str, but: str = "") -> list[Difference]:
    was, found = told[table], now[table]
    names = [name for name in dict.fromkeys([*was, *found]) if name != but]
    return [one for name in names for one in _differing(f"{table}: {name}", was.get(name), found.get(name))]


def _differing(what: str, was: Any, now: Any) -> list[Difference]:
    if was == now:
        return []
    if isinstance(was, dict) and isinstance(now, dict):
        return [
            one
            for key in dict.fromkeys([*was, *now])
            for one in _differing(f"{what}, {key}", was.get(key), now.get(key))
        ]
    return [Difference(what, *(None if one is None else _word(one) for one in (was, now)))]


def _word(value: Any) -> str:
    return shortened(value if isinstance(value, str) else json.dumps(plain(value), ensure_ascii=False), 200)

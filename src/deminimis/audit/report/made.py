"""The public function for the page of an audit: what it is made of is gathered, laid out, and written at once."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any, BinaryIO, Unpack

from ...person_days import totals
from ...progress import Report
from ...results.summary import Summary
from ...roles.options import AnyOptions, takes_options
from ...roles.persons import Column, Person
from ...rules.rule import Rule
from ...text import counted
from ..evidence.made import Evidence, Proof, in_json, new_texts, write_text
from ..facts import Facts
from ..findings.found import findings
from ..flips import what_if
from . import law, numbers, patterns, times
from .content import Content
from .counts import Reasons
from .gathered import UnreadRows, largest_over
from .page import page
from .parts import instant, told
from .spread import spread_of

_HEADING = re.compile(r'<h2 id="([^"]+)">(.*?)</h2>')


@takes_options
def report(
    sources: Any,
    target: str | os.PathLike[str],
    *,
    person: Person,
    day: Column,
    value: Column,
    names: bool = False,
    title: str | None = None,
    evidence: str | os.PathLike[str] | None = None,
    against_limit: str | int | Decimal | None = None,
    against_rule: str | os.PathLike[str] | Rule | None = None,
    progress: Report | None = None,
    **options: Unpack[AnyOptions],
) -> Summary:
    """Score files and write the page of the audit: one HTML file that stands by itself, to read, print and sign.

    Takes the roles and settings of `eligible`, and:

    Parameters
    ----------
    sources : path or list of paths
        As `score_files` takes them; files alone, as the page has their SHA-256. They are read several times.
    target : path
        The page. It appears whole or not at all. It has no script and asks for nothing on a network; what comes from
        files is escaped. The same inputs give the same bytes, but for what stands in `<time>`.
    names : bool, default False
        Persons by their names; else they are numbered.
    title : str, optional
        The heading of the page.
    evidence : path, optional
        Also the evidence, for `verify`.
    against_limit, against_rule : as of `what_if`, optional
        The page also tells which rows these would flip.
    progress : callable, optional
        As of `score_files`.

    Returns
    -------
    Summary
        As `score_files` gives it.
    """
    roles = {"person": person, "day": day, "value": value}
    against = {"against_limit": against_limit, "against_rule": against_rule}
    told = {"against": against, "names": names, "title": title, "evidence": evidence, "progress": progress}
    return report_with(sources, None, report=target, **told, **roles, **options)  # type: ignore[arg-type]


def report_with(
    sources: Any,
    output: str | Path | BinaryIO | None,
    *,
    report: str | os.PathLike[str],
    names: bool = False,
    title: str | None = None,
    evidence: str | os.PathLike[str] | None = None,
    command: str | None = None,
    law: Mapping[str, str | None] | None = None,
    totals: Any = None,
    progress: Report | None = None,
    columns: Sequence[str] = ("eligible",),
    append: bool = False,
    format: str | None = None,
    replace: bool = True,
    by: Sequence[str] | None = None,
    id: str | None = None,
    noted: Callable[[str], str] = str,
    settings: Callable[[dict[str, Any]], dict[str, Any]] = dict,
    against: Mapping[str, Any] | None = None,
    **options: Any,
) -> Summary:
    """The page and the evidence beside what `score_files` writes, in the same go.

    `noted` and `settings` give notes and settings the words of who asked.
    """
    against = {name: one for name, one in (against or {}).items() if one is not None}
    proof = Proof(sources, options, command, law or {}, totals)
    unread = UnreadRows()
    reasons = Reasons(proof.run.memory_limit // 8, proof.run.spill_dir)
    files = new_texts([report, evidence], proof.source, output, replace=replace)
    with closing(reasons), files as (page_file, evidence_file):
        how = {"columns": columns, "append": append, "format": format, "progress": progress, "by": by, "id": id}
        how["replaces"] = replace
        summary, found = proof.answer(output, also=lambda answer: reasons.take(unread.take(answer)), **how)
        notes = tuple(map(noted, summary.notes))
        asked = dataclasses.replace(summary, notes=notes, settings=settings(summary.settings))
        content = _content(proof, sources, asked, found, (unread, reasons), options, names, title, against)
        write_text(page_file, _laid_out(content))
        write_text(evidence_file, in_json(found))
    return summary


def _content(
    proof: Proof,
    sources: Any,
    summary: Summary,
    found: Evidence,
    noted: tuple[UnreadRows, Reasons],
    options: Mapping[str, Any],
    names: bool,
    title: str | None,
    against: Mapping[str, Any],
) -> Content:
    """What the page is made of, which reads the files again."""
    request = proof.run.request
    single = (*request.person_columns, *request.per, request.day, request.value, request.quantity, request.currency)
    columns = tuple(dict.fromkeys(name for name in single if isinstance(name, str)))
    rule = request.rule
    unread, reasons = noted
    origin = options.get("origin")
    many = counted(len(summary.sources), "file")
    return Content(
        title=title or f"Audit of {many} by {'a stated limit' if rule.is_stated else rule.name}",
        summary=summary,
        evidence=found,
        rule=rule,
        spread=spread_of(totals(sources, **options), is_unproven=request.bad_values == "unproven"),
        largest=largest_over(totals(sources, **options, names=True, over_only=True)),
        places=unread.places(proof.source, columns),
        columns=columns,
        is_named=names,
        counts=reasons.counts(proof.source, Facts(request, origin)),
        origin=origin,
        what_if=what_if(sources, **options, **against) if against else None,
        findings=findings(sources, **options),
    )


def _laid_out(content: Content) -> str:
    sections = [
        law.answer(content),
        numbers.reasons(content),
        times.times(content),
        times.origins(content),
        numbers.around_the_limit(content),
        numbers.largest(content),
        times.what_if(content),
        numbers.unread(content),
        patterns.found(content),
        law.left_out(content),
        law.rule(content),
        law.settings(content),
        law.evidence(content),
        law.not_checked(content),
        law.sign_off(),
    ]
    by = content.evidence["made_by"]
    made = f"Made by deminimis {told(by['deminimis'])} at {instant(content.evidence['time']['began'])} (UTC)"
    contents = [(found[1], unescape(found[2])) for one in sections for found in [_HEADING.search(one)] if found]
    return page(content.title, made, contents, sections)

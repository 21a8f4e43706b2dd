"""The sections of what was asked: the question with its answer, the rule, the settings, and what went in."""

from __future__ import annotations

from ...text import counted, in_bytes
from .content import Content
from .parts import Html, below, facts, instant, listed, paragraph, section, table, told


def answer(content: Content) -> str:
    """The question and the answer, in two sentences, and what must not be missed."""
    summary, window = content.summary, content.window
    settings = summary.settings
    by = f"the limit of {content.rule.name}" if not content.rule.is_stated else f"{content.rule.steps[0].limit:f}"
    by += content.currency if content.rule.is_stated else ""
    question = (
        f"For each of the {counted(summary.rows, 'row')} in {counted(len(summary.sources), 'file')}: does its person "
        f"({_words(settings['person'])}) stay within {by} on its {window} ({settings['day']})?"
    )
    rest = summary.rows - summary.eligible
    what = (
        f"Yes for {counted(summary.eligible, 'row')} ({content.share(summary.eligible) or 'none'}) with a value of "
        f"{content.amount(summary.value_eligible)}{content.currency}, and not for {counted(rest, 'row')} with a known "
        f"value of {content.amount(summary.value_not_eligible)}{content.currency}: {content.spread.over:,} of "
        f"{counted(content.spread.groups, f'person-{window}')} are over the limit."
    )
    parts = [paragraph(question, "question"), paragraph(what, "answer")]
    if summary.notes:
        parts += [below("What must not be missed"), listed(summary.notes)]
    return section("answer", "Question and answer", parts)


def rule(content: Content) -> str:
    """What the rule says, step by step, with its citations."""
    one = content.rule
    pairs = [
        ("Rule", f"{one.name}: {one.title}"),
        ("Authority", one.authority),
        ("Currency", one.currency or "any"),
        ("A total is of", f"{', '.join(one.key)} and calendar {one.window}"),
        ("Over the limit", "every row of the total fails" if one.overflow == "all" else "rows that did not fit fail"),
        *((("Gate", f"the day of entry, by the clock of {one.gate}, decides the step"),) if one.gate else ()),
        *((role.replace("_", " ").capitalize(), what) for role, what in one.meaning),
    ]
    steps = []
    for step in one.steps:
        limit = step.limit_in_words
        if step.row_limit is not None:
            limit += f"; a row {step.row_limit:f}"
        since, until = step.effective_from or "always", step.effective_to or "until further notice"
        steps.append((f"{since}", f"{until}", step.scope, limit, step.citation))
    head = ("From", "To (exclusive)", "Scope", f"Limit{content.currency}", "Citation")
    parts = [facts(pairs, "What the rule is"), table("The rule's timeline", head, steps, "dd<<<")]
    if one.notes:
        parts += [below("Notes of the rule"), listed(one.notes)]
    if one.sources:
        parts += [below("What was read"), listed(one.sources)]
    return section("rule", "Rule", parts)


def settings(content: Content) -> str:
    """Every setting in force, and the exact command."""
    used = content.summary.settings.items()
    lines = [(name.replace("_", " "), _words(value)) for name, value in used if value not in (None, [], ())]
    unused = [name.replace("_", " ") for name, value in used if value in (None, [], ())]
    lines += [("not used", ", ".join(unused))] if unused else []
    command = content.evidence["command"]
    code = Html(f"<pre><code>{told(command, 20_000)}</code></pre>\n")
    how = code if command is not None else paragraph("Called from Python; the call is in the evidence.")
    return section("settings", "Settings", [facts(lines, "Settings in force"), below("Exact command"), how])


def evidence(content: Content) -> str:
    """What was read, by what, when, and the hashes."""
    told_of = content.evidence
    inputs = [(one["file"], in_bytes(one["bytes"]), one["sha256"]) for one in told_of["inputs"]]
    for kind in ("rule", "feed", "totals", "output"):
        if told_of[kind] is not None:
            one = told_of[kind]
            inputs.append((f"{kind}: {one['file']}", in_bytes(one["bytes"]), one["sha256"]))
    answers = [(name.removesuffix("_sha256"), one) for name, one in told_of["answers"].items() if "sha256" in name]
    versions = [(name.replace("_", " "), _words(one)) for name, one in told_of["made_by"].items()]
    time = told_of["time"]
    versions += [("began", instant(time["began"])), ("seconds", instant(f"{time['seconds']:.3f}"))]
    return section(
        "evidence",
        "Evidence",
        [
            paragraph("What was read and written, as it was then; deminimis verify runs a file of evidence again."),
            table("Files", ("File", "Size", "SHA-256"), inputs, "<>c"),
            table("Answers, row by row", ("Answer", "SHA-256"), answers, "<c"),
            facts(versions, "Versions, machine and time"),
        ],
    )


def left_out(content: Content) -> str:
    """Files of the folders and patterns that are no part of the manifest."""
    files = content.summary.left_out
    parts = [listed(files)] if files else [paragraph("No file of the folders and patterns was left out.")]
    return section("left-out", "What was left out", parts)


def not_checked(content: Content) -> str:
    """What nobody may take this page to have proven."""
    asked = content.summary.settings
    compared = f"by their {asked['normalize']} form" if asked["normalize"] else "byte by byte"
    items = [
        "That the manifest is complete, and that each shipment is in it once.",
        "That a value is what the rule asks for (fair retail value in the country of shipment), and that it is true.",
        f"That one person is always written alike: persons were compared {compared}, and other spellings are others.",
        "One order or contract sent in separate lots, and consolidated shipments, unless the rule's notes say so.",
        "Whether goods may not qualify at all: "
        + (f"what {asked['excluded']} says was taken as it is." if asked["excluded"] else "nothing said which do not."),
        "The law itself: the rule is data with citations, as of the version above. This is not legal advice.",
    ]
    return section("not-checked", "What is not checked", [listed(items)])


def sign_off() -> str:
    """Lines for those who answer for the page."""
    who = [("Prepared by", "", ""), ("Reviewed by", "", ""), ("Approved by", "", "")]
    lines = table("Signatures", ("Role", "Name and title", "Date and signature"), who, "<<<")
    return section("sign-off", "Sign-off", [Html(f'<div class="sign">{lines}</div>')])


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} ({_words(one)})" for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_words, value))
    return f"{value:,}" if isinstance(value, int) else str(value)

"""What a rule's file may say, and how each fault of one is told."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from deminimis.errors import RuleError
from deminimis.rules.rule import Rule
from deminimis.rules.text import check_rule, show_rule


def written(tmp_path: Path, text: str) -> Path:
    """A rule's file with this text."""
    path = tmp_path / "rule.toml"
    path.write_text(text, encoding="utf-8")
    return path


HEAD = """name = "mine"
title = "A rule of mine"
authority = "my contract"
currency = "EUR"
key = ["person"]
window = "day"
overflow = "all"
"""
STEP = """
[[step]]
from = 2020-01-01
origin = "every"
limit = "150.00"
citation = "clause 1"
"""
NAMED = STEP.replace('"every"', '["CN", "HK"]')


SECOND = STEP.replace("2020-01-01", "2021-01-01")
BAD_FILES = {
    "no steps": (HEAD, "there is no step"),
    "missing name": (HEAD.replace("name", "# name", 1) + STEP, "'name' is missing"),
    "bad name": (HEAD.replace('"mine"', '"Mine!"') + STEP, "small letters"),
    "blank title": (HEAD.replace("A rule of mine", "  ") + STEP, "'title' is not a text, or is blank"),
    "bad currency": (HEAD.replace("EUR", "euro") + STEP, "three capital letters"),
    "unknown key": ("titel = 1\n" + HEAD + STEP, "unknown key 'titel': did you mean 'title'?"),
    "unknown step key": (HEAD + STEP + "limt = 3\n", "step 1 (line 9): unknown key 'limt': did you mean 'limit'?"),
    "unknown window": (HEAD.replace('"day"', '"week"') + STEP, "'window' is 'week': write one of 'day', 'month'"),
    "missing overflow": (HEAD.replace("overflow", "# overflow") + STEP, "'overflow' is missing: write one of 'all'"),
    "key without person": (HEAD.replace('["person"]', '["supplier"]') + STEP, 'it begins with "person"'),
    "key with a role": (HEAD.replace('["person"]', '["person", "day"]') + STEP, "no other role"),
    "key no list": (HEAD.replace('["person"]', '"person"') + STEP, 'write key = ["person"]'),
    "meaning of nothing": (HEAD + '[meaning]\ncolour = "red"\n' + STEP, "meaning: unknown key 'colour'"),
    "notes no list": (HEAD + 'notes = "a"\n' + STEP, "notes is no list of texts"),
    "sources no list": (
        HEAD + "sources = [1]\n" + STEP,
        'sources is no list of texts: write sources = ["what was read',
    ),
    "steps no list": (HEAD + STEP.replace("[[step]]", "[step]"), "in two pairs of brackets"),
    "float limit": (HEAD + STEP.replace('"150.00"', "150.50"), "step 1 (line 9): limit = 150.50 is a float: put it in"),
    "boolean limit": (HEAD + STEP.replace('"150.00"', "true"), "limit = True is not an amount"),
    "negative limit": (HEAD + STEP.replace("150.00", "-150.00"), "step 1 (line 9): limit -150.00 is negative"),
    "fine limit": (HEAD + STEP.replace("150.00", "150.00001"), "finer than 1/10,000"),
    "empty limit": (HEAD + STEP.replace("150.00", ""), "the limit is empty"),
    "missing limit": (HEAD + STEP.replace("limit", "# limit"), 'or limit = "none" where nothing qualifies'),
    "missing from": (HEAD + STEP.replace("from", "# from"), "step 1 (line 9): 'from' is missing"),
    "from a month": (HEAD + STEP.replace("2020-01-01", '"2020-13-01"'), "is not a day"),
    "from a number": (HEAD + STEP.replace("2020-01-01", "2020"), "from = 2020 is not a day"),
    "from an instant": (HEAD + STEP.replace("2020-01-01", "2020-01-01T00:00:00"), "is not a day"),
    "to blank": (HEAD + STEP + 'to = ""\n', "leave 'to' out"),
    "ends before": (HEAD + STEP + "to = 2019-01-01\n", "it ends before it begins"),
    "ends at once": (HEAD + STEP + "to = 2020-01-01\n", "it ends before it begins"),
    "missing origin": (HEAD + STEP.replace("origin", "# origin"), 'write "every", "other" or a list'),
    "unknown origin": (HEAD + STEP.replace("every", "CN"), "origin = 'CN' is unknown"),
    "origin no code": (HEAD + STEP.replace('"every"', '["China"]'), "'China' is not a country code"),
    "no origins": (HEAD + STEP.replace('"every"', "[]"), "the list of origins is empty"),
    "origin twice": (HEAD + STEP.replace('"every"', '["CN", "CN"]'), "listed twice"),
    "other of none": (HEAD + STEP.replace("every", "other"), "no step lists an origin"),
    "missing citation": (HEAD + STEP.replace("citation", "# citation"), "step 1 (line 9): 'citation' is missing"),
    "blank citation": (HEAD + STEP.replace("clause 1", " "), "step 1 (line 9): 'citation' is not a text, or is blank"),
    "overlap": (HEAD + STEP + SECOND, "overlap for every origin from 2021-01-01: end the earlier one with to"),
    "same step twice": (HEAD + STEP + STEP, "step 1 (line 9: from 2020-01-01, every origin) and step 2 (line 15:"),
    "overlap of scopes": (HEAD + STEP + NAMED, "overlap for origin CN or HK"),
    "gap": (HEAD + STEP + "to = 2020-12-01\n" + SECOND, "no step covers every origin from 2020-12-01 to 2021-01-01"),
    "no other": (HEAD + NAMED, "no step covers any other origin from 2020-01-01 on: lengthen a step, or add one"),
    "unknown sender": (HEAD + STEP + 'sent_from = "CN"\n', "sent_from = 'CN' is unknown"),
    "senders no codes": (HEAD + STEP + 'sent_from = ["cn"]\n', "sent_from 'cn' is not a country code"),
    "other senders of none": (HEAD + STEP + 'sent_from = "other"\n', "no step lists a sender's country"),
    "no other sender": (HEAD + STEP + 'sent_from = ["CN"]\n', "no step covers every origin, sent from elsewhere"),
    "kind no word": (HEAD + STEP + SECOND + 'kind = "By Air"\n', "kind 'By Air' is no word"),
    "kind no list": (HEAD + STEP + SECOND + "kind = []\n", "kind = []: write one or a list"),
    "kinds alone": (HEAD + STEP + 'kind = "air"\n', "no step covers every origin from 2020-01-01 on"),
    "kind twice": (HEAD + STEP + (SECOND + 'kind = "air"\n') * 2, "overlap for kind air, every origin"),
    "row limit unsaid": (HEAD + STEP + 'row_limit = "5"\n', 'above_row_limit = "counts" or above_row_limit'),
    "row limit missing": (HEAD + STEP + 'above_row_limit = "counts"\n', "a row_limit says whether"),
    "row limit a float": (HEAD + STEP + 'row_limit = 5.0\nabove_row_limit = "counts"\n', "row_limit = 5.0 is a float"),
    "row limit of none": (
        HEAD + STEP.replace("150.00", "none") + 'row_limit = "5"\nabove_row_limit = "counts"\n',
        "a row_limit says nothing",
    ),
    "row limits that differ": (
        HEAD + STEP + SECOND + 'kind = "air"\nrow_limit = "5"\nabove_row_limit = "counts"\n',
        "in force together with another row_limit",
    ),
    "gate no zone": ('gate = "Eastern"\n' + HEAD + STEP, "gate = 'Eastern' is no time zone"),
    "malformed": (HEAD + STEP.replace('"every"', "every"), "line 11 is not valid TOML"),
    "limit of none, bare": (
        HEAD + STEP.replace('"150.00"', "none"),
        'Texts and limits stand in double quotes ("800.00',
    ),
}


@pytest.mark.parametrize("case", sorted(BAD_FILES))
def test_bad_file_is_told_with_its_mend(case: str, tmp_path: Path) -> None:
    """A file that is not sound is refused by load and check alike, naming the file, the step or line, and the mend."""
    text, message = BAD_FILES[case]
    path = written(tmp_path, text)
    for read in (Rule.load, check_rule, show_rule):
        with pytest.raises(RuleError, match=re.escape(message)) as raised:
            read(path)
        assert raised.value.file == str(path)
        assert str(raised.value).startswith(str(path))


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    """A lawyer mends a file in one go: all problems are in one error."""
    text = HEAD.replace("EUR", "euro") + STEP.replace("citation", "# citation") + SECOND.replace('"150.00"', "1.5")
    with pytest.raises(RuleError, match="3 problems") as raised:
        Rule.load(written(tmp_path, text))
    assert [part in str(raised.value) for part in ("three capital", "'citation' is missing", "a float")] == [True] * 3


def test_overlay_of_two_suspensions_is_sound(tmp_path: Path) -> None:
    """A suspension of every origin may overlay one of some, and the later act is the one in force."""
    other = NAMED.replace('["CN", "HK"]', '"other"') + "to = 2022-01-01\n"
    later = STEP.replace("2020-01-01", "2022-01-01").replace("150.00", "none").replace("clause 1", "clause 2")
    rule = Rule.load(written(tmp_path, HEAD + NAMED.replace("150.00", "none") + other + later))
    step = rule.step_on(date(2022, 1, 1), "CN")
    assert step is not None
    assert step.citation == "clause 2"


def test_kinds_senders_and_rows(tmp_path: Path) -> None:
    """A file may say kinds, senders, the limit of a row and a gate; what is shown says them in words."""
    above = 'row_limit = "5.00"\nabove_row_limit = "counts not"\n'
    air = SECOND + 'kind = ["air", "sea"]\nsent_from = ["CN", "HK"]\n' + above
    air = air.replace("2021-01-01", "2020-01-01").replace("150.00", "9.00")
    path = written(tmp_path, 'gate = "America/New_York"\n' + HEAD + STEP + above + air)
    assert check_rule(path).endswith("2 steps, no gap, no overlap, every step cited")
    rule, day = Rule.load(path), date(2024, 1, 1)
    assert rule.limit_on(day, None, "HK", "Sea ") == 9 and rule.limit_on(day, None, "DE", "sea") == 150
    assert rule.limit_on(day, None, "HK", "train") == 9 and rule.limit_on(day, None, None, "air") == 9
    shown = show_rule(path)
    assert "kind air or sea, every origin, sent from CN or HK" in shown
    assert "9.00, a row 5.00 (above it, it does not count)" in shown
    assert "by the clock of America/New_York" in shown
    assert rule.as_of(day).gate is None


@pytest.mark.parametrize("text", [HEAD + STEP, ("\ufeff" + HEAD + STEP).replace("\n", "\r\n")])
def test_own_file_is_a_rule(text: str, tmp_path: Path) -> None:
    """A file of one's own is read, also with a byte order mark and the line ends of Windows."""
    path = tmp_path / "rule.toml"
    path.write_bytes(text.encode())
    assert Rule.load(path).limit_on(date(2024, 1, 1), None) == Decimal("150.00")
    assert Rule.load(str(path)) == Rule.load(path)
    assert check_rule(path).startswith(f"{path}: rule 'mine' is sound: 1 step")


def test_unknown_rule_lists_the_shipped_ones() -> None:
    """A wrong name is told the nearest and all there are."""
    with pytest.raises(RuleError, match=r"Did you mean 'us-321'\?.*cn-cbec, kr, tw-post, us-321"):
        Rule.load("us321")


def test_unreadable_file_is_named(tmp_path: Path) -> None:
    """A missing file, a folder and text that is not UTF-8 are errors that name the file."""
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'name = "a"\ntitle = "\xe9"\n')
    for path in (tmp_path / "absent.toml", tmp_path, latin):
        with pytest.raises(RuleError, match=re.escape(str(path))):
            Rule.load(path)
    with pytest.raises(RuleError, match="line 2 is not UTF-8"):
        Rule.load(latin)

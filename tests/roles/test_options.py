"""The one table of options: what every function, the command line and the summary say of them agrees with it."""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

import deminimis as dm
from deminimis.cli.options import Parser, add_manifest, add_resources, add_roles, add_settings, count, in_shell_words
from deminimis.roles.options import NEEDED, OPTIONS, READING, AnyOptions, MoreOptions, Option, Options
from deminimis.roles.request import check

FUNCTIONS: list[tuple[Callable[..., Any], bool]] = [
    (dm.eligible, True),
    (dm.score, True),
    (dm.score_files, True),
    (dm.explain, True),
    (dm.plan, True),
    (dm.stream, True),
    (dm.report, True),
    (dm.what_if, True),
    (dm.Scorer, False),
]
ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 800}
NOT_CHECKED = {"threads", "memory_limit", "spill_dir", *READING}


def default_of(one: Option) -> object:
    """The default as a signature has it."""
    return inspect.Parameter.empty if one.default is NEEDED else one.default


@pytest.mark.parametrize(("function", "is_reading"), FUNCTIONS)
def test_signatures(function: Callable[..., Any], is_reading: bool) -> None:
    """Every function shows each option by its name, with the default of the table."""
    shown = inspect.signature(function).parameters
    wanted = {name: default_of(one) for name, one in OPTIONS.items() if is_reading or name not in READING}
    assert {name: one.default for name, one in shown.items() if name in OPTIONS} == wanted
    assert all(shown[name].kind == inspect.Parameter.KEYWORD_ONLY for name in wanted)
    assert not any(one.kind == inspect.Parameter.VAR_KEYWORD for one in shown.values())


def test_what_is_checked() -> None:
    """The check of a request knows the options of the table, with their defaults."""
    parameters = inspect.signature(check).parameters
    wanted = {name: default_of(one) for name, one in OPTIONS.items() if name not in NOT_CHECKED}
    assert {name: one.default for name, one in parameters.items()} == wanted


def test_types() -> None:
    """What type checkers and editors know is the table."""
    needed = {name for name, one in OPTIONS.items() if one.default is NEEDED}
    assert set(AnyOptions.__annotations__) == set(OPTIONS) - needed
    assert set(MoreOptions.__annotations__) == set(OPTIONS) - needed - set(READING)
    assert set(Options.__annotations__) == set(OPTIONS) - set(READING) and Options.__required_keys__ == needed


def test_docstring() -> None:
    """The docstring of `eligible` has every option with the type of the table."""
    parts = re.split(r"\n    (?=\S)", inspect.getsource(dm.eligible))
    told = dict(re.findall(r"^([\w, ]+?) : (.+)$", "\n".join(parts), re.M))
    named = {name: kind for names, kind in told.items() for name in names.split(", ")}
    for name, one in OPTIONS.items():
        assert name in READING or named[name] == one.type, name


def test_the_summary_echoes_them() -> None:
    """Every setting that a summary tells is an option, and every option that decides something is told."""
    table = pa.table({"who": ["A"], "day": ["2024-06-01"], "usd": ["1"]})
    told = set(dm.score(table, **ROLES).summary.settings)
    assert told == set(OPTIONS) - NOT_CHECKED - {"secret"} | {"window"}


@pytest.fixture
def parser() -> Parser:
    made = Parser(prog="test")
    for add in (add_manifest, add_roles, add_settings, add_resources):
        add(made)
    return made


def test_words_of_the_command_line(parser: Parser) -> None:
    """Every option but the secret has a word, whose name the errors say, and its choices."""
    actions = {word: action for action in parser._actions for word in action.option_strings}
    for name, one in OPTIONS.items():
        if one.group:
            action = actions[one.word]
            assert (action.dest, tuple(action.choices or ())) == (name, one.choices)
            assert in_shell_words(name, "").split()[0] == one.word
        else:
            assert name == "secret"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], {}),
        (["--person", "a", "--person", "b"], {"person": ["a", "b"]}),
        (["--no-count-excluded", "--in-care-of"], {"count_excluded": False, "in_care_of": True}),
        (["--late-days", "3", "--threads", "2"], {"late_days": 3, "threads": 2}),
        (["--placeholder", ""], {"placeholders": [""]}),
        (["--layout", "et86"], {"feed": "et86"}),
        (["--feed", "et86"], {"feed": "et86"}),
    ],
)
def test_what_is_given(parser: Parser, words: list[str], found: dict[str, Any]) -> None:
    """What was not given is None, so that the functions' own defaults hold."""
    args = vars(parser.read(["in.csv", *words]))
    assert {name: value for name, value in args.items() if value is not None and name != "source"} == found


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("-p", "--person"),
        ("--consignee", "--person"),
        ("--persn", "--person"),
        ("--zone", "--timezone"),
        ("--tz", "--timezone"),
        ("--date", "--day"),
        ("--amount", "--value"),
        ("--jobs", "--threads"),
        ("-j4", "--threads"),
        ("--memory", "--memory-limit"),
        ("--sep", "--delimiter"),
        ("--date-format", "--day-format"),
        ("--day_format", "--day-format"),
        ("--country", "--origin"),
        ("--limt=8", "--limit"),
        ("--qqqqqq", None),
    ],
)
def test_wrong_words(parser: Parser, word: str, meant: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong option names the one that is near, in meaning or in spelling, even where others are missing."""
    with pytest.raises(SystemExit) as caught:
        parser.read([word, "x"])
    err = capsys.readouterr().err
    assert caught.value.code == 2 and f"{word.partition('=')[0]!r} is not understood" in err
    assert (f"did you mean {meant}?" in err) if meant else ("did you mean" not in err)


@pytest.mark.parametrize(
    ("word", "meant"),
    [("zone", "timezone"), ("jobs", "threads"), ("day_fromat", "day_format"), ("normalise", "normalize")],
)
def test_wrong_keywords(word: str, meant: str) -> None:
    """A wrong keyword argument does too."""
    with pytest.raises(TypeError, match=f"there is no option '{word}'; did you mean '{meant}'?"):
        dm.eligible(pa.table({}), **ROLES, **{word: 1})


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0), ("20000", 20_000), ("20_000", 20_000), ("20,000", 20_000), ("20k", 20_000), ("1M", 1_000_000),
        ("1.5m", 1_500_000), ("2 M", 2_000_000), ("1b", 10**9), ("-1", -1), ("0.001k", 1),
    ],
)  # fmt: skip
def test_counts(text: str, number: int) -> None:
    """A count is written as people write it."""
    assert count(text) == number


@pytest.mark.parametrize("text", ["", "k", "1.5", "1e6", "1KiB", "one", "1M2", "1.0001k", "--1"])
def test_no_counts(text: str) -> None:
    """What is no whole number is refused with an example."""
    with pytest.raises(argparse.ArgumentTypeError, match="such as 20000, 20k"):
        count(text)

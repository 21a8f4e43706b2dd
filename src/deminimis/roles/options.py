"""The options that every public function takes, each described once: its name, type, default and meaning.

The signatures, the command line's words and help, the summary's echo and the errors' words come from this table; the
docstring of `eligible` and `check` are held against it by tests. Nothing is checked here. In a text, another option is
named by `option`, so that each face says it in its own words.

To add one: a line here, in `Options` and in `check` (request.py), and its text in the docstring.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, TypeVar

from ..errors import option

if TYPE_CHECKING:  # help is said without what the work needs
    from ..rules.rule import Rule
    from .persons import Column, Person
    from .request import BadValues, Normalize, Overflow, SortedBy

F = TypeVar("F", bound=Callable[..., Any])
NEEDED = type("Needed", (), {})
"""The default of what must be given."""


class Option(NamedTuple):
    """One role or setting.

    Parameters
    ----------
    name : str
        The keyword argument.
    type : str
        As a docstring names it.
    help : str
        What it is, in one phrase; of a choice, what each does.
    default : object
        Where it is not given.
    group : str
        Where the command line's help shows it; "" where it has no word there.
    flag : str
        The word of the command line; default: the name with dashes.
    metavar : str
        What follows the word; "" for a switch.
    choices : tuple of str
        The values that there are.
    near : tuple of str
        Words that people try instead.
    """

    name: str
    type: str
    help: str
    default: object = None
    group: str = "settings"
    flag: str = ""
    metavar: str = "COL"
    choices: tuple[str, ...] = ()
    repeats: bool = False
    near: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """Its word on the command line."""
        return self.flag or f"--{self.name.replace('_', '-')}"


OPTIONS: dict[str, Option] = {
    one.name: one
    for one in (
        Option(
            "person", "str, list, `first_of` or Expression", "who; repeat for a composite (the name first)", NEEDED,
            "roles", repeats=True, near=("-p", "--consignee", "--importer", "--buyer", "--name", "--who", "--customer"),
        ),
        Option(
            "day", "str or Expression", f"date of arrival: a date, timestamp or ISO text; else {option('day_format')}",
            NEEDED, "roles", near=("-d", "--date", "--arrival", "--day-column"),
        ),
        Option(
            "value", "str or Expression", "value of the row in the limit's currency", NEEDED,
            "roles", near=("-v", "--amount", "--price", "--usd", "--cost"),
        ),
        Option("quantity", "str or Expression, optional", f"then {option('value')} is a unit price", group="roles",
               near=("--pieces", "--qty", "--count", "--units")),
        Option("origin", "str or Expression, optional", "country code, for rules that ask for it", group="roles",
               near=("--country", "--coo", "--from")),
        Option("sent_from", "str or Expression, optional", "country it was sent from, for rules that ask for it",
               group="roles", near=("--sender", "--from-country", "--shipped-from", "--export-country")),
        Option("kind", "str or Expression, optional", "kind of row, such as express, for rules that know kinds",
               group="roles", near=("--type", "--category", "--mode")),
        Option("entered", "str or Expression, optional", "day or instant of entry, for rules whose gate asks for it",
               group="roles", near=("--entry", "--entry-date", "--gate")),
        Option("excluded", "str or Expression, optional", "goods that never qualify: a column, or 'addcvd or quota'",
               group="roles", metavar="EXPR", near=("--exclude", "--filter", "--except")),
        Option("shipment", "str or Expression, optional", "id of what several rows tell, with party, version or line",
               group="roles", near=("--shipment-id", "--bill", "--hawb", "--package")),
        Option("party", "str or Expression, optional", "who tells it; the largest telling of a person's day counts",
               group="roles", near=("--filer", "--teller", "--feed-of")),
        Option("version", "str or Expression, optional", "which telling of a party it is; the latest counts",
               group="roles", near=("--amendment", "--revision")),
        Option("line", "str or Expression, optional", "which part of the shipment; the same twice is a copy",
               group="roles", near=("--item", "--line-number")),
        Option("cancelled", "str or Expression, optional", "true: the row counts no more, nor do older versions",
               group="roles", near=("--canceled", "--void", "--deleted")),
        Option("per", "str or list, optional", "further column of totals, as supplier; null: no-person", group="roles",
               repeats=True, near=("--group-by", "--supplier", "--by")),
        Option("currency", "str, optional", "currency of the row; another than the limit's is a bad value",
               group="roles"),
        Option("currency_code", "str, optional", "the limit's currency, where no rule says it", group="roles",
               metavar="CODE"),
        Option("limit", "str, int or Decimal", "a constant limit, inclusive", group="limit", metavar="N",
               near=("--max", "--threshold", "--maximum", "-l")),
        Option("rule", "str, path or Rule", "a dated rule such as us-321, or your own FILE.toml", group="limit",
               metavar="NAME", near=("--law", "--schedule", "-r")),
        Option("overflow", '{"all", "excess"}, optional', "which rows of a total over the limit fail",
               choices=("all", "excess")),
        Option("bad_values", '{"unproven", "error", "ignore"}',
               "a missing or negative value fails its person's day (default), stops the run, or is left out",
               "unproven", choices=("unproven", "error", "ignore"), near=("--errors", "--on-error", "--invalid")),
        Option("count_excluded", "bool, default True", "excluded goods do not count towards the total", True,
               flag="--no-count-excluded", metavar=""),
        Option("party_order", "list of str, optional",
               "a party whose telling counts rather than the largest; repeat, the first first", metavar="NAME",
               repeats=True, near=("--prefer", "--party-priority")),
        Option("normalize", '{"fold", "name"}, optional',
               "compare persons without case and extra blanks (name: also word order and punctuation)",
               choices=("fold", "name"), near=("--ignore-case", "--case-insensitive", "--normalise")),
        Option("in_care_of", "bool, default False", "of 'NAME C/O PLACE' take the name alone", False, metavar="",
               near=("--c-o", "--care-of")),
        Option("placeholders", "list of str, optional",
               "a text that names nobody, instead of N/A, UNKNOWN and the like; repeat; '' for none",
               flag="--placeholder", metavar="TEXT", repeats=True, near=("--null", "--na", "--missing")),
        Option("timezone", "str, optional", "whose day it is: America/Los_Angeles, UTC or =-05:00", metavar="ZONE",
               near=("--zone", "--tz", "--time-zone", "-z")),
        Option("day_format", "str, optional", "how the day is written, such as %m/%d/%Y", metavar="FORMAT",
               near=("--date-format", "--strptime", "--dateformat")),
        Option("decimal", "str", "the sign before the parts of an amount: . (default) or ,", ".", metavar="SIGN",
               near=("--decimal-point", "--decimal-sign", "--decimal-comma")),
        Option("thousands", "str, optional", "the sign between an amount's thousands, such as , or .", metavar="SIGN",
               near=("--grouping", "--thousands-separator")),
        Option("currency_signs", "bool, default False",
               "amounts may be written $1,234.50 or 400.00 USD; (50.00) and 50.00- are negative", False, metavar="",
               near=("--dollar", "--dollars", "--accounting", "--currency-symbols")),
        Option("secret", "bytes, optional", "keys the fingerprints of text persons; random for each run", group=""),
        Option("threads", "int, optional", "default: the cores this process may use", group="resources", metavar="N",
               near=("-j", "--jobs", "--workers", "--cores", "--cpus", "-t")),
        Option("memory_limit", "int or str, optional", "such as 2GiB; past it, rows go to disk", group="resources",
               metavar="SIZE", near=("-m", "--memory", "--mem", "--ram", "--max-memory")),
        Option("spill_dir", "path, optional", "where they go (default: the temporary folder)", group="resources",
               metavar="DIR", near=("--tmp", "--tmpdir", "--temp", "--temp-dir", "--tempdir", "-T")),
        Option("sorted_by", '{"day"}, optional',
               "days come in order: past the memory limit they are answered as they end; checked", group="resources",
               choices=("day",), near=("--sorted", "--order-by", "--sort")),
        Option("late_days", "int, default 0", "but a day may come N days late (default: 0)", 0, group="resources",
               metavar="N", near=("--late", "--lag")),
        Option("delimiter", "str, optional", "such as ; or tab (default: seen from the file)", group="csv",
               metavar="CHAR", near=("--sep", "--separator", "-s")),
        Option("encoding", "str", "such as latin-1 (default: utf-8)", "utf-8", group="csv", metavar="ENCODING",
               near=("--charset", "--codec")),
        Option("header", "bool or list of str", "the first row is data; columns are f0, f1, ...", True, group="csv",
               flag="--no-header", metavar="", near=("--headerless",)),
        Option("sheet", "str, optional", "of a workbook, where it has several", group="csv", metavar="NAME",
               near=("--sheet-name", "--tab", "--worksheet")),
    )
}  # fmt: skip
"""Every option by its name, in the order in which help and signatures have them."""

READING = tuple(name for name, one in OPTIONS.items() if one.group == "csv")
"""Those that say how text files are read."""


class MoreOptions(TypedDict, total=False):
    """What every function takes beside the person, the day and the value; `deminimis.eligible` says what they mean."""

    quantity: Column | None
    origin: Column | None
    sent_from: Column | None
    kind: Column | None
    entered: Column | None
    excluded: Column | None
    shipment: Column | None
    party: Column | None
    version: Column | None
    line: Column | None
    cancelled: Column | None
    party_order: Sequence[str] | None
    per: Column | Sequence[Column] | None
    currency: str | None
    currency_code: str | None
    limit: str | int | Decimal | None
    rule: str | PathLike[str] | Rule | None
    overflow: Overflow | None
    bad_values: BadValues
    count_excluded: bool
    normalize: Normalize | None
    in_care_of: bool
    placeholders: Sequence[str] | None
    timezone: str | None
    day_format: str | None
    decimal: str
    thousands: str | None
    currency_signs: bool
    secret: bytes | None
    threads: int | None
    memory_limit: int | str | None
    spill_dir: str | PathLike[str] | None
    sorted_by: SortedBy | None
    late_days: int


class Options(MoreOptions):
    """Roles and settings as a dict, to be given to several functions: `roles = Options(person="who", ...)`, `**roles`.

    It is a plain dict; type checkers and editors know its keys. `deminimis.eligible` says what each means.
    """

    person: Person
    day: Column
    value: Column


class Reading(TypedDict, total=False):
    """How text files are read."""

    delimiter: str | None
    encoding: str
    header: bool | Sequence[str]
    sheet: str | None


class AnyOptions(MoreOptions, Reading):
    """Options, and how text files are read."""


def takes_options(function: F) -> F:
    """Give a function of `**options` the signature that it has: each option by its name, with its default.

    Type checkers and editors that do not run the code know them from `Unpack`.
    """
    import inspect  # slow to import, and help needs no signature

    own = inspect.signature(function)
    *parameters, rest = own.parameters.values()
    takes_reading = "AnyOptions" in str(rest.annotation)
    kinds = AnyOptions.__annotations__
    there = {parameter.name for parameter in parameters}
    parameters += [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if one.default is NEEDED else one.default,
            annotation=kinds[one.name].__forward_arg__,
        )
        for one in OPTIONS.values()
        if one.name not in there and (takes_reading or one.group != "csv")
    ]
    function.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    return function


def nearest(word: str, names: Sequence[str], near: dict[str, str]) -> str | None:
    """The name that a wrong word is closest to: in meaning, where `near` knows the word, else in spelling."""
    if word in near:
        return near[word]
    from difflib import get_close_matches  # only an error needs it

    found = get_close_matches(word, [*names, *near], n=1, cutoff=0.6)
    return near.get(found[0], found[0]) if found else None


def refuse_unknown(given: Sequence[str]) -> None:
    """Raise for the first keyword that is no option.

    Raises
    ------
    TypeError
        With the nearest option.
    """
    for name in given:
        if name not in OPTIONS:
            near = {word.strip("-").replace("-", "_"): one.name for one in OPTIONS.values() for word in one.near}
            meant = nearest(name, list(OPTIONS), near)
            hint = f"; did you mean {meant!r}?" if meant else f"; the options are {', '.join(OPTIONS)}"
            raise TypeError(f"there is no option {name!r}{hint}")

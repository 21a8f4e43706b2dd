"""Errors: what they carry, that they pickle, and how the system's lacks become ours."""

from __future__ import annotations

import ast
import copy
import errno
import inspect
import pickle
import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa
import pytest

import deminimis as dm
from deminimis import errors
from deminimis.errors import DeminimisError, InputError, Message, lack, option
from deminimis.roles.options import OPTIONS

CLASSES = [one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, DeminimisError)]


def made(kind: type[DeminimisError]) -> DeminimisError:
    """An error of this class with a value in every field that it takes."""
    given = {
        "message": f"wrong \x1b: give {option('day_format')} or {option('bad_values', 'ignore')}",
        "name": "whoo",
        "columns": ["who", "day"],
        "role": "person",
        "file": "in.csv",
        "column": "usd",
        "row": 3,
        "option": "value",
    }
    parameters = inspect.signature(kind).parameters
    error = kind(**{name: value for name, value in given.items() if name in parameters})
    error.add_note("a note")
    return error


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("again", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy])
def test_an_error_pickles(kind: type[DeminimisError], again: object) -> None:
    """Every class comes back with its words, its arguments and all its fields, the words for other faces too."""
    error = made(kind)
    back = again(error)  # type: ignore[operator]
    assert (type(back), str(back), back.args) == (kind, str(error), error.args)
    assert vars(back) == vars(error) and vars(error)["__notes__"] == ["a note"]
    assert back.told(lambda name, value: f"<{name}>") == error.told(lambda name, value: f"<{name}>")


def fail(kind: type[DeminimisError]) -> None:
    raise made(kind)


def test_errors_come_out_of_a_pool() -> None:
    """Every class is raised to the caller of a process pool as it was raised in the worker."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for kind, job in [(kind, pool.submit(fail, kind)) for kind in CLASSES]:
            with pytest.raises(kind) as caught:
                job.result(timeout=60)
            assert (type(caught.value), str(caught.value)) == (kind, str(made(kind)))


def test_an_error_says_where() -> None:
    """File, column and row stand before the message, controls of a file's name escaped; each is a field as it is."""
    error = InputError("is wrong", file="a\x1b\n.csv", column="usd", row=3)
    assert str(error) == "a\\x1b\\n.csv, column 'usd', row 3: is wrong"
    assert (error.file, error.column, error.row, error.option) == ("a\x1b\n.csv", "usd", 3, None)


TABLE = pa.table({"who": ["A"], "day": ["2024-06-01"], "usd": ["x"]})
ROLES = {"person": "who", "day": "day", "value": "usd", "limit": 800}


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"person": "whoo"}, "person"),
        ({"quantity": "pieces"}, "quantity"),
        ({"day_format": "x"}, "day_format"),
        ({"timezone": "Mars"}, "timezone"),
        ({"limit": 0.5}, "limit"),
        ({"rule": "us-321"}, "limit"),  # both are given
        ({"bad_values": "error"}, "bad_values"),
        ({"normalize": "x"}, "normalize"),
        ({"late_days": 1}, "late_days"),
        ({"threads": 0}, "threads"),
        ({"memory_limit": "x"}, "memory_limit"),
        ({"spill_dir": "/none"}, "spill_dir"),
        ({"secret": b"x"}, "secret"),
        ({"placeholders": [""]}, "placeholders"),
    ],
)
def test_the_option_is_a_field(given: dict[str, object], name: str) -> None:
    """An error about an option carries its name, in Python's words and without a mark."""
    with pytest.raises(InputError) as caught:
        dm.score(TABLE, **(ROLES | given))  # type: ignore[arg-type]
    assert caught.value.option == name and name in OPTIONS
    assert "\ufdd0" not in str(caught.value) and "\ufdd0" not in caught.value.message


def test_a_long_message_is_cut() -> None:
    """A manifest of very many columns does not make a message of megabytes."""
    with pytest.raises(errors.ColumnNotFoundError) as caught:
        dm.eligible(pa.table({f"column {n}": ["x"] for n in range(20_000)}), **(ROLES | {"person": "nobody"}))  # type: ignore[arg-type]
    assert len(str(caught.value)) < 2_000 and "and 19,960 more" in str(caught.value)
    assert len(caught.value.columns) == 20_000


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOSPC, "x"), errors.OutOfSpaceError),
        (OSError(errno.EDQUOT, "x"), errors.OutOfSpaceError),
        (OSError(errno.EFBIG, "x"), errors.OutOfSpaceError),
        (OSError(errno.ENOMEM, "x"), errors.OutOfMemoryError),
        (MemoryError(), errors.OutOfMemoryError),
        (pa.lib.ArrowMemoryError("x"), errors.OutOfMemoryError),
        (OSError(errno.EMFILE, "x"), errors.OutOfFilesError),
        (OSError(errno.ENFILE, "x"), errors.OutOfFilesError),
        (OSError(errno.EIO, "x"), errors.DiskError),
        (OSError(errno.ENOENT, "x"), None),
        (ValueError(), None),
        (InputError("x"), None),
    ],
)
def test_lack(error: BaseException, kind: type[DeminimisError] | None) -> None:
    """What the system lacks is one of our errors, which ends the program with 3; anything else is none."""
    found = lack(error, "out.csv")
    assert (None if found is None else type(found)) == kind
    assert found is None or (found.exit_code == 3 and str(found).startswith("out.csv: "))


def test_a_message_in_other_words() -> None:
    """A message says its options as each face does, and is itself in Python's words, also once it is pickled."""
    message = pickle.loads(pickle.dumps(Message(f"give {option('sorted_by', 'day')} or {option('late_days', 3)}")))
    assert message == 'give sorted_by="day" or late_days=3'
    assert (message.options, message.told(lambda name, value: f"{name}:{value}")) == (
        ("sorted_by", "late_days"),
        "give sorted_by:day or late_days:3",
    )


def test_options_are_marked() -> None:
    """No text of the package names an option as a keyword without the mark, which the command line needs."""
    package = Path(errors.__file__).parent
    named = re.compile(rf"\b({'|'.join(OPTIONS)})=(?!=)")
    found = []
    for path in sorted(package.rglob("*.py")):
        if path.parent.name in ("rules", "cli"):  # of rules' files; and the shell's own words
            continue
        tree = ast.parse(path.read_text())
        bodies = [node.body for node in ast.walk(tree) if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef))]
        said = {id(line.value) for body in bodies for line in body if isinstance(line, ast.Expr)}
        found += [
            f"{path.relative_to(package)}:{node.lineno}: {node.value!r}: write {{option({name[1]!r})}}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said
            for name in [named.search(node.value)]
            if name
        ]
    assert found == []

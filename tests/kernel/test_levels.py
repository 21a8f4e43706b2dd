"""The levels of the kernel: one is chosen when it is loaded, any can be forced, and all are the same module."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import pytest

from deminimis import _kernel
from deminimis.errors import InputError
from deminimis.kernels.choice import ENVIRONMENT, LEVELS, built, chosen, usable

ALL = tuple(LEVELS)


@pytest.mark.parametrize(
    ("forced", "installed", "machine", "level"),
    [
        (None, ALL, 0, "baseline"),
        (None, ALL, 3, "v3"),
        (None, ALL, 4, "v4"),
        ("", ALL, 4, "v4"),
        (None, ("baseline", "v3"), 4, "v3"),
        (None, ("baseline",), 4, "baseline"),
        (None, ("v4", "baseline"), 3, "baseline"),
        ("baseline", ALL, 4, "baseline"),
        ("v3", ALL, 4, "v3"),
        ("v3", ALL, 3, "v3"),
    ],
)
def test_choice(forced: str | None, installed: tuple[str, ...], machine: int, level: str) -> None:
    """The highest level that is installed and that the machine has, or the one that is forced."""
    assert chosen(forced, installed, machine) == level


@pytest.mark.parametrize(
    ("forced", "installed", "machine", "why", "there"),
    [
        ("v5", ALL, 4, "no level has this name", "baseline, v3, v4"),
        ("V4", ALL, 4, "no level has this name", "baseline, v3, v4"),
        ("v4", ALL, 3, "this machine's processor or system lacks it", "baseline, v3"),
        ("v3", ALL, 0, "this machine's processor or system lacks it", "baseline"),
        ("v3", ("baseline",), 4, "this installation does not have it", "baseline"),
    ],
)
def test_refused(forced: str, installed: tuple[str, ...], machine: int, why: str, there: str) -> None:
    """A level that cannot be had is an error that says why, and which there are."""
    with pytest.raises(InputError) as refused:
        chosen(forced, installed, machine)
    wanted = f"{ENVIRONMENT}={forced}: {why}; there are {there}, and without it the highest is taken."
    assert str(refused.value) == wanted


def in_a_process(level: str, code: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", code]
    return subprocess.run(words, env=os.environ | {ENVIRONMENT: level}, capture_output=True, text=True, check=False)


def test_this_process() -> None:
    """What this process loaded is what the choice says, as one module."""
    level = os.environ.get(ENVIRONMENT) or usable()[-1]
    assert level == _kernel.LEVEL
    assert sys.modules["deminimis._kernel"] is _kernel
    assert _kernel.__file__ == str(built()[level])


@pytest.mark.parametrize("level", usable())
def test_forced(level: str) -> None:
    """Each level that the machine has can be forced; its classes and errors are of the one module, and pickle so."""
    code = (
        "import pickle, sys; from deminimis import _kernel; from deminimis._kernel import DayOutsideError, Settings;"
        "print(_kernel.LEVEL, _kernel.__name__, Settings.__module__, DayOutsideError.__module__);"
        "print(pickle.dumps(DayOutsideError(1, 2), 0).hex())"
    )
    ran = in_a_process(level, code)
    said, pickled = ran.stdout.split("\n")[:2]
    assert said == f"{level} deminimis._kernel deminimis._kernel deminimis._kernel"
    error = pickle.loads(bytes.fromhex(pickled))
    assert (type(error), error.args) == (_kernel.DayOutsideError, (1, 2))


def test_unknown_level_ends_the_command_in_one_sentence() -> None:
    """The command line says what is wrong, and ends as for any setting that cannot be used."""
    code = "import sys; from deminimis.cli.main import main; sys.exit(main(['bench', '--rows', '10']))"
    ran = in_a_process("v0", code)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n"), "Traceback" in ran.stderr) == (2, "", 1, False)
    assert "DEMINIMIS_KERNEL=v0" in ran.stderr
    assert in_a_process("v0", "import deminimis").returncode == 0

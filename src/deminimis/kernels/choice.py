"""Which kernel is loaded: of the levels that were built, the highest that the processor has, or the one that is forced.

All are compiled from the same source and give the same answers; `baseline` runs everywhere.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from ..errors import InputError, listed
from ._cpu import level

ENVIRONMENT = "DEMINIMIS_KERNEL"
"""The variable that forces a level."""

LEVELS = {"baseline": 0, "v3": 3, "v4": 4}
"""Levels from the lowest up, by what the processor has to have: x86-64-v3 is AVX2, x86-64-v4 is AVX-512."""


def built() -> dict[str, Path]:
    """The levels that are installed, and their files."""
    places = ((name, Path(__file__).with_name(name) / f"_kernel{end}") for name in LEVELS for end in EXTENSION_SUFFIXES)
    found: dict[str, Path] = {}
    for name, path in places:
        if name not in found and path.exists():
            found[name] = path
    return found


def usable() -> list[str]:
    """The levels that are installed and that this machine has, from the lowest up."""
    return [name for name in built() if LEVELS[name] <= level()]


def chosen(forced: str | None, built: Collection[str], machine: int) -> str:
    """The level to load.

    Parameters
    ----------
    forced : str, optional
        The level that the environment asks for.
    built : collection of str
        The levels that are installed.
    machine : int
        What the processor has, as `_cpu.level` says it.

    Raises
    ------
    InputError
        The forced level is unknown, not installed, or the machine lacks it.
    """
    there = [name for name in LEVELS if name in built and LEVELS[name] <= machine]
    if not forced:
        return there[-1] if there else "baseline"
    if forced in there:
        return forced
    why = "this installation does not have it"
    if forced not in LEVELS:
        why = "no level has this name"
    elif LEVELS[forced] > machine:
        why = "this machine's processor or system lacks it"
    raise InputError(f"{ENVIRONMENT}={forced}: {why}; there are {listed(there)}, and without it the highest is taken.")


def chosen_file() -> Path:
    """The file of the kernel that this process loads."""
    there = built()
    name = chosen(os.environ.get(ENVIRONMENT), there, level())
    return there[name] if name in there else Path(__file__).with_name(name) / f"_kernel{EXTENSION_SUFFIXES[0]}"

"""`pyarrow.compute`, imported where something of it is first asked for: it makes all of its functions from their
documents, which takes longer than a small manifest."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    import pyarrow.compute as pc


def is_expression(given: object) -> TypeGuard[pc.Expression]:
    """Whether this is a `pyarrow.compute.Expression`; there is none before its module was imported."""
    return isinstance(given, getattr(sys.modules.get("pyarrow._compute"), "Expression", ()))


def __getattr__(name: str) -> Any:
    if name.startswith("__"):  # asked of every module by what imports it
        raise AttributeError(name)
    import pyarrow.compute

    return getattr(pyarrow.compute, name)

"""Columns of a mapping that have no length of their own: what gives Arrow, and what is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

import deminimis as dm
from deminimis.errors import InputError

COLUMNS = {"p": ["A", "B"], "d": ["2024-06-01"] * 2, "v": [801, 800]}
ROLES: dict[str, Any] = {"person": "p", "day": "d", "value": "v", "limit": 800}


class AsArray:
    """Gives an Arrow array and has no length."""

    def __init__(self, values: pa.Array) -> None:
        self._values = values

    def __arrow_c_array__(self, requested_schema: object = None) -> Any:
        return self._values.__arrow_c_array__(requested_schema)


class AsStream(AsArray):
    """Gives an Arrow stream of chunks and has no length."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        return pa.chunked_array([self._values[:1], self._values[1:]]).__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("made", [AsArray, AsStream, iter])
@pytest.mark.parametrize("column", COLUMNS)
def test_columns_without_a_length(made: Callable[[pa.Array], Any], column: str) -> None:
    """A column is read by its Arrow capsule, else by its items."""
    values = made(pa.array(COLUMNS[column])) if made is not iter else iter(COLUMNS[column])
    assert dm.eligible(COLUMNS | {column: values}, **ROLES).to_pylist() == [False, True]


@pytest.mark.parametrize("column", COLUMNS)
def test_columns_that_fail(column: str) -> None:
    """Whatever a column raises is told with its name; lack of memory stays what it is."""

    class Failing:
        def __init__(self, error: Exception) -> None:
            self._error = error

        def __arrow_c_array__(self, requested_schema: object = None) -> Any:
            raise self._error

    with pytest.raises(InputError, match=rf"column '{column}': it cannot be read as one Arrow array \(no luck\)"):
        dm.eligible(COLUMNS | {column: Failing(RuntimeError("no luck"))}, **ROLES)
    with pytest.raises(MemoryError):
        dm.eligible(COLUMNS | {column: Failing(MemoryError())}, **ROLES)
    with pytest.raises(InputError, match="give arrays of one length"):
        dm.eligible(COLUMNS | {column: AsArray(pa.array(COLUMNS[column][:1]))}, **ROLES)

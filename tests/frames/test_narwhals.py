"""Frames of every eager library come back as what they were, with the answers of each row beside it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

import deminimis as dm
from deminimis.errors import InputError

nw = pytest.importorskip("narwhals", reason="narwhals is not installed: pip install '.[test]'")
pytestmark = pytest.mark.filterwarnings("default")  # what this library uses of others is its own

ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 8}
TABLE = pa.table({"who": ["A", "B", "A", None], "day": ["2024-06-01"] * 4, "usd": [4.0, 8.0, 4.01, 1.0]})
ANSWERS = dm.score(TABLE, **ROLES)


def frames() -> list[Any]:
    import pandas as pd
    import polars as pl

    labelled = pd.DataFrame(TABLE.to_pydict(), index=[7, 7, -1, 0])
    return [TABLE, pl.from_arrow(TABLE), TABLE.to_pandas(), labelled]


@pytest.mark.parametrize("frame", frames(), ids=lambda frame: type(frame).__module__.partition(".")[0])
@pytest.mark.parametrize("is_wrapped", [False, True])
def test_what_it_was(frame: Any, is_wrapped: bool) -> None:
    """The same type, the frame's own columns, and an answer a row by its place, whatever the index."""
    from deminimis.narwhals import score

    given = nw.from_native(frame, eager_only=True) if is_wrapped else frame
    scored = score(given, **ROLES, columns=["total", "eligible", "reason"])
    assert type(scored) is type(given)
    read = nw.from_native(scored, eager_only=True)
    assert read.columns == ["who", "day", "usd", "eligible", "reason", "total"]
    assert read["eligible"].to_list() == ANSWERS.mask.to_pylist()
    assert read["reason"].to_list() == ANSWERS.reason.to_pylist()
    assert read["total"].to_list()[:3] == ANSWERS.total.to_pylist()[:3]
    if hasattr(frame, "index"):
        assert nw.to_native(read).index.equals(frame.index)
    assert nw.from_native(frame, eager_only=True).columns == ["who", "day", "usd"]


def test_refused() -> None:
    """A lazy frame has no rows to put answers beside; a column of an answer's name is not replaced."""
    import polars as pl

    from deminimis.narwhals import score

    with pytest.raises(TypeError):
        score(pl.LazyFrame(TABLE.to_pydict()), **ROLES)
    with pytest.raises(InputError, match="eligible"):
        score(TABLE.append_column("eligible", TABLE["who"]), **ROLES)

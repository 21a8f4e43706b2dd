"""Frames of pandas: answers by place, with the frame's own index, whatever its labels are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import deminimis as dm
import deminimis.pandas
from deminimis.errors import InputError

ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 800}
PLAIN = pd.DataFrame(
    {
        "who": ["A", "B", "A", None, "C", "C"],
        "day": ["2024-06-01"] * 6,
        "usd": ["400.00", "800.00", "400.01", "1", "?", "1"],
        "port": [*"xyxyxy"],
    }
)
REASONS = ["over-limit", "eligible", "over-limit", "no-person", "bad-value", "unproven-total"]
FRAMES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "plain": lambda frame: frame,
    "sorted": lambda frame: frame.sort_values("usd"),
    "reversed": lambda frame: frame[::-1],
    "filtered": lambda frame: frame[frame["port"] == "x"],
    "empty": lambda frame: frame[:0],
    "one row": lambda frame: frame[1:2],
    "duplicate labels": lambda frame: frame.set_axis([0, 0, 1, 1, 0, 1], axis=0),
    "labelled by a column": lambda frame: frame.set_index("port", drop=False),
    "labelled by missing": lambda frame: frame.set_axis([None, 1.5, float("nan"), None, "x", 1.5], axis=0),
    "labelled by pairs": lambda frame: frame.set_index(["port", "usd"], drop=False),
    "labelled by days": lambda frame: frame.set_axis(pd.DatetimeIndex(["2024-06-01"] * 6), axis=0),
    "column labels of any type": lambda frame: frame.assign(**{"2": 1}).rename(columns={"2": 2}),
    "duplicate columns": lambda frame: pd.concat([frame, frame[["port"]]], axis=1),
}


@pytest.mark.parametrize("name", FRAMES)
def test_answers_are_by_place(name: str) -> None:
    """Row by row the reasons are those of `score` for the values alone, and the index is the frame's."""
    frame = FRAMES[name](PLAIN)
    before = frame.copy()
    values = {column: frame[column].to_list() for column in ("who", "day", "usd")}
    scored = dm.score(pd.DataFrame(values, dtype=str), **ROLES)
    mask = frame.deminimis.eligible(**ROLES)
    assert (mask.to_list(), mask.dtype, mask.name) == (scored.mask.to_pylist(), bool, "eligible")
    assert mask.index.equals(frame.index)
    kept = frame[mask.to_numpy()]
    pd.testing.assert_frame_equal(frame[mask] if frame.index.is_unique else kept, kept)
    found = frame.deminimis.score(**ROLES)
    assert found["reason"].to_list() == scored.reason.to_pylist()
    assert found["total"].to_list() == scored.total.to_pylist()
    assert [*found.columns] == [*frame.columns, "eligible", "reason", "total"]
    pd.testing.assert_frame_equal(found.iloc[:, : frame.shape[1]], before)
    pd.testing.assert_frame_equal(frame, before)
    if len(frame) == len(PLAIN) and name not in ("sorted", "reversed"):
        assert found["reason"].to_list() == REASONS


def test_a_mask_filters_the_frame_that_it_is_of() -> None:
    """Also where labels are there twice, as pandas takes a mask of the very index by place."""
    frame = FRAMES["duplicate labels"](PLAIN)
    assert frame[frame.deminimis.eligible(**ROLES)]["who"].to_list() == ["B"]
    assert frame.loc[~frame.deminimis.eligible(**ROLES), "who"].size == 5


def test_columns() -> None:
    """Some of the answers, none of a name that is taken."""
    assert [*PLAIN.deminimis.score(**ROLES, columns=["reason"]).columns][4:] == ["reason"]
    taken = PLAIN.assign(total=0)
    with pytest.raises(InputError, match="column 'total': the manifest has a column of this name already"):
        taken.deminimis.score(**ROLES)
    assert taken.deminimis.score(**ROLES, columns=["eligible"])["total"].to_list() == [0] * 6
    with pytest.raises(InputError, match="columns= takes some of"):
        PLAIN.deminimis.score(**ROLES, columns=["mask"])
    with pytest.raises(dm.errors.ColumnNotFoundError, match="no column 'whom'"):
        PLAIN.deminimis.eligible(**ROLES | {"person": "whom"})

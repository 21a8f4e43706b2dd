"""A state machine over `Scorer` with a plain list of rows beside it."""

from __future__ import annotations

import oracle
import pyarrow as pa
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from strategies import SIMPLE_ROLES, simple_rows, simple_table

import deminimis as dm


class ScorerMachine(RuleBasedStateMachine):
    """Batches, streams and empty input in any order; then the verdicts are the oracle's for all rows added.

    A scorer that is finished, or that refused something, takes nothing more.
    """

    @initialize(
        overflow=st.sampled_from(["all", "excess"]),
        bad_values=st.sampled_from(["unproven", "ignore"]),
        threads=st.integers(1, 4),
    )
    def start(self, overflow: str, bad_values: str, threads: int) -> None:
        self.settings = {"overflow": overflow, "bad_values": bad_values}
        self.scorer = dm.Scorer(**SIMPLE_ROLES, limit=8, threads=threads, **self.settings)
        self.rows: list[oracle.Row] = []
        self.is_open = True

    @precondition(lambda self: self.is_open)
    @rule(rows=simple_rows(max_size=12))
    def add_batch(self, rows: list[oracle.Row]) -> None:
        for batch in simple_table(rows).to_batches():
            self.scorer.add(batch)
        self.rows += rows

    @precondition(lambda self: self.is_open)
    @rule(rows=simple_rows(max_size=30), size=st.integers(1, 7))
    def add_stream(self, rows: list[oracle.Row], size: int) -> None:
        self.scorer.add(simple_table(rows).to_reader(max_chunksize=size))
        self.rows += rows

    @precondition(lambda self: self.is_open)
    @rule()
    def add_nothing(self) -> None:
        self.scorer.add(simple_table([]))

    @precondition(lambda self: self.is_open and len(self.rows) > 20)
    @rule(rows=simple_rows(min_size=1, max_size=5))
    def add_without_a_role(self, rows: list[oracle.Row]) -> None:
        self.is_open = False
        with pytest.raises(dm.errors.ColumnNotFoundError):
            self.scorer.add(simple_table(rows).drop_columns("value").to_batches()[0])

    @precondition(lambda self: self.is_open)
    @rule()
    def finish(self) -> None:
        self.is_open = False
        scored = self.scorer.finish()
        expected = oracle.judge(self.rows, oracle.constant(8), **self.settings)
        assert scored.reason.to_pylist() == [verdict.reason for verdict in expected]
        assert scored.total.to_pylist() == [verdict.total for verdict in expected]
        assert scored.mask.to_pylist() == [verdict.eligible for verdict in expected]

    @precondition(lambda self: not self.is_open)
    @rule(rows=simple_rows(max_size=3))
    def come_too_late(self, rows: list[oracle.Row]) -> None:
        with pytest.raises(dm.errors.InputError, match="new one"):
            self.scorer.add(simple_table(rows))
        with pytest.raises(dm.errors.InputError, match="new one"):
            self.scorer.finish()

    def teardown(self) -> None:
        if getattr(self, "is_open", False):
            self.finish()


ScorerMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=12)
TestScorer = ScorerMachine.TestCase


def test_dictionaries_differ_between_batches() -> None:
    """The same person under another code in the next batch is the same person."""
    scorer = dm.Scorer(person="person", day="day", value="value", limit=800)
    for names in (["A", "B"], ["B", "A"], ["C", "A"]):
        persons = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), pa.array(names))
        scorer.add(pa.record_batch({"person": persons, "day": ["2024-06-01"] * 2, "value": [400, 300]}))
    assert scorer.finish().mask.to_pylist() == [False, True, True, False, True, False]


def test_finish_without_rows() -> None:
    """A scorer that was given nothing answers with nothing."""
    scored = dm.Scorer(person="person", day="day", value="value", limit=800).finish()
    assert (len(scored.mask), len(scored.reason), len(scored.total), scored.summary.rows) == (0, 0, 0, 0)

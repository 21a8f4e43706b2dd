"""Manifests for the pytest-benchmark benches, made once per size and kept in memory."""

from __future__ import annotations

import functools

import pyarrow as pa
import pytest

from bench import manifests


@functools.cache
def _table(kind: str, rows: int, value: str) -> pa.Table:
    return manifests.table(kind, rows, value=value)


@pytest.fixture(scope="session")
def manifest():
    """Give `manifest(kind, rows, value="float")` as an Arrow table."""

    def give(kind: str, rows: int, value: str = "float") -> pa.Table:
        return _table(kind, rows, value)

    return give

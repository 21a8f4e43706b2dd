"""What binding roles to a schema gives: what the kernel takes, and how batches become what it reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pyarrow as pa

from .._kernel import Settings


class Binding(NamedTuple):
    """Roles bound to one schema.

    Parameters
    ----------
    settings : Settings
        What the kernel takes.
    names : tuple of str
        The manifest's columns that are read, each once.
    places : list of int
        For each kernel column, its place in the batches that come.
    prepare : callable, optional
        Turns a batch of `names` into the batch that the kernel reads; None: batches go in as they are.
    identity : tuple of str
        The kind of each part of the key; parts of different kinds never match, so all files must agree.
    """

    settings: Settings
    names: tuple[str, ...]
    places: list[int]
    prepare: Callable[[pa.RecordBatch], pa.RecordBatch] | None
    identity: tuple[str, ...]


class Bound(NamedTuple):
    """A binding but for its secret."""

    settings: dict[str, Any]
    names: tuple[str, ...]
    places: list[int]
    prepare: Callable[[pa.RecordBatch], pa.RecordBatch] | None
    identity: tuple[str, ...]

    def with_secret(self, secret: bytes) -> Binding:
        return Binding(Settings(**self.settings, secret=secret), self.names, self.places, self.prepare, self.identity)

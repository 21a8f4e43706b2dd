"""The roles of one manifest bound to the schema of each of its batches."""

from __future__ import annotations

import threading
from typing import Any

import pyarrow as pa

from .._kernel import Batch, Settings
from ..errors import InputError
from .beside import NOTHING, Beside
from .binding import bind
from .bound import Binding
from .request import Request


class Bindings:
    """The roles bound to the schema of each batch of one manifest; batches may differ in theirs."""

    def __init__(self, request: Request, *, outcomes: bool, tally: bool, beside: Beside = NOTHING) -> None:
        self.request = request
        self._outcomes = outcomes
        self._tally = tally
        self._beside = beside
        self._made: list[tuple[pa.Schema, Binding]] = []
        self._by_fields: dict[tuple[pa.Field, ...], Binding] = {}
        self._lock = threading.Lock()

    @property
    def first(self) -> Binding | None:
        """The binding of the first schema, once it is there."""
        return self._made[0][1] if self._made else None

    @property
    def settings(self) -> Settings:
        """What the rows mean; the same for all batches. Something has to be bound."""
        return self._made[0][1].settings

    @property
    def is_wide(self) -> bool:
        """Whether records are wide; not known to be, before something is bound."""
        return self.first is not None and self.first.settings.wide

    @property
    def has_outcomes(self) -> bool:
        """Whether records become outcomes; not known to, before something is bound."""
        return self.first is not None and self.first.settings.outcomes

    def of(self, schema: pa.Schema, file: str | None = None) -> Binding:
        """The roles bound to this schema; the same for equal schemas."""
        for seen, binding in self._made[:4]:
            if seen.equals(schema):
                return binding
        found = self._by_fields.get(tuple(schema)) if len(self._made) > 4 else None
        if found is not None:
            return found
        made = bind(self.request, schema, outcomes=self._outcomes, tally=self._tally, file=file, beside=self._beside)
        if self.first is not None and made.identity != self.first.identity:
            kinds = f"{', '.join(made.identity)} here, {', '.join(self.first.identity)} before"
            raise InputError(f"the person's type changes within the manifest ({kinds}): cast it", file=file)
        with self._lock:
            self._made.append((schema, made))
            if len(self._made) > 4:
                self._by_fields[tuple(schema)] = made
        return made

    def batch(self, batch: Any, file: str | None = None, before: Batch | None = None, rows: int = 0) -> Batch:
        """A record batch as the kernel reads it; `before` it came another of so many rows together."""
        binding = self.of(batch.schema, file)
        ready = binding.prepare(batch) if binding.prepare else batch
        return Batch(ready.__arrow_c_array__()[1], binding.settings, binding.places, before, rows)

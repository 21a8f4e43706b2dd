"""One file of a manifest: what it was when it was found, and how its bytes are asked for."""

from __future__ import annotations

import builtins
import io
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pyarrow as pa

from . import folders
from .base import reading
from .identity import Identity, check_unchanged
from .opened import Opened, OpenedFile
from .whole import WholeFile


@dataclass(frozen=True)
class FoundFile:
    """A file of the manifest: its path as the user would write it, what it was when it was found, and its folders'
    `key=value`."""

    path: str
    identity: Identity
    partition: dict[str, str | None]

    @property
    def bytes(self) -> int:
        return self.identity.bytes

    def open(self) -> WholeFile:
        """Its bytes, all of them or an error."""
        return WholeFile(self.open_raw(), self.path, self.bytes)

    def open_raw(self) -> Opened:
        """Its bytes as they come."""
        return OpenedFile(io.FileIO(self.path))

    def first_bytes(self) -> builtins.bytes:
        """As many as tell its format."""
        folders.identity_of(self.path)
        return folders.first_bytes(self.path)

    def open_arrow(self) -> AbstractContextManager[pa.NativeFile]:
        """Its bytes for pyarrow alone, which is faster, and may not notice that some are missing."""
        return pa.OSFile(os.fsencode(self.path))  # type: ignore[no-any-return]

    @contextmanager
    def reading(self, what: str = "cannot be read", mend: str = "") -> Iterator[None]:
        """`base.reading`; at its start and its end, be that an error, the file is still what was found, or an error."""
        with reading(self.path, what, mend):
            check_unchanged(self.path, self.identity, self.path)
            try:
                yield
            except Exception:
                check_unchanged(self.path, self.identity, self.path)
                raise
            check_unchanged(self.path, self.identity, self.path)

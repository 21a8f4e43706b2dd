"""What a table's library raises, as an error that names the table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from ...errors import DeminimisError
from ..base import reading


@contextmanager
def asking_table(name: str, kind: str) -> Iterator[None]:
    """Turn whatever the library of a kind of table raises into an InputError."""
    with reading(name, f"is no readable {kind} table"):
        try:
            yield
        except (pa.ArrowException, DeminimisError, MemoryError, ValueError, TypeError, OSError, EOFError):
            raise
        except Exception as error:
            raise ValueError(str(error)) from error

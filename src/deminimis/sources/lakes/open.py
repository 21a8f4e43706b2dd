"""Which manifest is a table of a lake: an object of its library, its folder, or its metadata file."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import Any

from ...addresses import path_of, scheme_of
from ..base import Source
from ..files import home_of
from .asked import asking_table


def open_table(manifest: Any) -> Source | None:
    """The table, or None for what is none, and for a folder whose library is not installed."""
    if _is(manifest, "deltalake", "DeltaTable"):
        from .delta import open_delta

        return open_delta(manifest)
    if _is(manifest, "pyiceberg.table", "Table"):
        from .iceberg import open_iceberg

        return open_iceberg(manifest)
    if not isinstance(manifest, (str, os.PathLike)) or scheme_of(manifest) not in (None, "file"):
        return None
    path = home_of(path_of(manifest))
    if (path / "_delta_log").is_dir() and find_spec("deltalake") is not None:
        from deltalake import DeltaTable

        with asking_table(str(path), "Delta"):
            table = DeltaTable(str(path))
        return open_table(table)
    is_metadata = path.name.endswith(".metadata.json") and path.parent.name == "metadata"
    if (is_metadata or (path / "metadata" / "version-hint.text").is_file()) and find_spec("pyiceberg") is not None:
        from pyiceberg.table import StaticTable

        from .iceberg import metadata_of

        file = str(path) if is_metadata else metadata_of(str(path))
        with asking_table(file, "Iceberg"):
            static = StaticTable.from_metadata(file)
        return open_table(static)
    return None


def _is(manifest: Any, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(manifest, kind)

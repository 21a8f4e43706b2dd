"""Which text is an address, such as s3://bucket/key, and how it is shown: without credentials. Nothing is asked."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote, urlsplit

STORES = ("s3", "gs", "gcs", "abfs", "abfss")
"""The schemes of object stores that are read."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(//?)")
_USER = re.compile(r"(\b[A-Za-z][A-Za-z0-9+.-]+://?)[^\s@/:]*:[^\s@]*@")
_STORED = re.compile(rf"\b(?:{'|'.join(STORES)})://?[^\s'\"]+", re.I)


def scheme_of(given: object) -> str | None:
    """The scheme of a text that is an address, in small letters; of a Path too, which has eaten a slash."""
    found = _SCHEME.match(os.fspath(given)) if isinstance(given, (str, os.PathLike)) else None
    return found[1].lower() if found else None


def is_in_store(given: object) -> bool:
    """Whether this is the address of an object."""
    return scheme_of(given) in STORES


def masked(text: str) -> str:
    """An address without what may be secret: user and password, and everything behind a question mark."""
    found = _SCHEME.match(text)
    if found is None:
        return text
    scheme, rest = found[1].lower(), text[found.end() :].partition("?")[0]
    store, slash, path = rest.partition("/")
    if ":" in store and "@" not in store and "@" in path:  # a password with a slash that nobody quoted
        store, slash, path = rest.rpartition("@")[2].partition("/")
    user, at, host = store.rpartition("@")
    if at and scheme.startswith("abfs"):
        container = user.partition(":")[0]
        host = f"{container}@{host}" if container else host
    return f"{scheme}:{found[2]}{host}{slash}{path}"


def masked_within(text: str) -> str:
    """A sentence whose addresses have no user and password, and those of stores nothing behind a question mark."""
    return _USER.sub(r"\1", _STORED.sub(_masked, text)) if ":/" in text else text


def _masked(found: re.Match[str]) -> str:
    address = found[0].rstrip(".,:;)")
    return masked(address) + found[0][len(address) :]


def path_of(given: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """The path that a file:// address means; any other text, and a path, as it is."""
    if scheme_of(given) != "file" or not isinstance(given, str):
        return given
    parts = urlsplit(given)
    return unquote(parts.path) if parts.netloc in ("", "localhost") else given

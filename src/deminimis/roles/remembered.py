"""Requests that were checked before: scripts score one small batch after another with the same roles."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from .request import Request, check, with_new_secret


def check_once(**options: Any) -> Request:
    """`check`, with a new secret: scripts score one small batch after another with the same roles."""
    try:
        return with_new_secret(_checked(**options))
    except TypeError:  # a list of columns is no key; any other error comes again
        return check(**options)


@lru_cache(maxsize=64, typed=True)
def _checked(**options: Any) -> Request:
    return check(**options)

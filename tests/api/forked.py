"""A program for test_interrupts.py: scores with threads, forks, and scores in the children; prints how many erred."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pyarrow as pa

import deminimis as dm

ROWS = 200_000


def main() -> None:
    """Children answer as their parent did, in one thread and in several."""
    rng = np.random.default_rng(0)
    who, usd = rng.integers(0, ROWS // 3, ROWS), rng.integers(0, 900, ROWS)
    table = pa.table({"who": pa.array(who.astype(str)), "id": who, "day": ["2024-06-01"] * ROWS, "usd": usd})
    mask = pa.array(np.bincount(who, weights=usd)[who] <= 800)

    def score(**options: Any) -> bool:
        roles = {"person": "who", "day": "day", "value": "usd", "limit": 800}
        return dm.eligible(table, **roles | options).equals(mask)

    wrong = 0 if score(threads=3) and score(person="id", memory_limit="300kB") else 1
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            answers = [score(threads=1 + number), score(person="id"), score(normalize="fold", memory_limit="300kB")]
            os._exit(answers.count(False))
        children.append(child)
    for child in children:
        wrong += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(wrong + (0 if score(threads=2) else 1))


if __name__ == "__main__":
    main()

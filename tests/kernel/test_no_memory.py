"""Groups, and totals that were given, where a process may have no more memory: a MemoryError, and later the answer."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import resource
import sys
from pathlib import Path
import numpy as np
import pyarrow as pa
from deminimis._kernel import Given, Groups, Partitioner, keys_of
from deminimis.roles.beside import Beside
from deminimis.roles.bindings import Bindings
from deminimis.roles.request import check

ROWS = 1 << 19
SPARE = 4 << 20  # for the interpreter; a table of so many rows takes 16 MiB at least
words = {"person": "who", "day": "day", "value": "usd", "limit": 800, "secret": b"some secret of sixteen bytes"}
bindings = Bindings(check(**words), outcomes=False, tally=False, beside=Beside(groups=True))
day = pa.array(np.zeros(ROWS, np.int32)).cast(pa.date32())
table = pa.table({"who": np.arange(ROWS), "day": day, "usd": np.ones(ROWS)})
batch = bindings.batch(table.to_batches()[0], None)
keys, days, known = (np.zeros(size * ROWS, np.uint8) for size in (16, 4, 1))
totals, unproven = np.zeros(16 * ROWS, np.uint8), np.zeros(ROWS, np.uint8)
keys_of(bindings.settings, batch, 0, ROWS, keys, days, known)
rows = Partitioner(bindings.settings, 0)
rows.add(batch, 0, ROWS, 0)
rows.settle(0)


def add_given():
    given = Given(True)
    given.add(keys, totals, unproven)
    return len(given)


def make_groups():
    groups = Groups(bindings.settings, [rows])
    groups.start(0)
    groups.add(0, 0, None)
    return groups.select([0], False)


def within(spare, call):
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + spare, before[1]))
    try:
        return call()
    except MemoryError as error:
        return str(error)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


work, text = {"given": (add_given, "no memory for the totals that were given"),
              "groups": (make_groups, "no memory for the groups of a partition")}[sys.argv[1]]
said = [within(spare, work) for spare in (SPARE, 2 * SPARE)]
assert said == [text] * 2, said
assert work() == ROWS
assert within(1 << 30, work) == ROWS
print("done")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a limit on a process's memory that it can set for itself: Linux")
@pytest.mark.parametrize("what", ["given", "groups"])
def test_no_memory(what: str) -> None:
    """Where a table can be made no larger, a MemoryError says of what; the same work is right once there is memory."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM, what], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("done\n", "")

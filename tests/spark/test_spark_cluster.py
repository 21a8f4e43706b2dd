"""Executors that are killed in each pass, and tasks that run twice: the answers of one machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sessions import started
from whole import ROLES, TABLE, expected, told

from deminimis import spark


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two executors that are processes, and speculation."""
    conf = {"spark.speculation": "true", "spark.speculation.interval": "10ms", "spark.executor.memory": "512m"}
    session = started("local-cluster[2,1,512]", conf, tmp_path_factory.mktemp("cluster"))
    yield session
    session.stop()


def killing(order: Path) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A step that gives rows on, and kills its executor after the first batch, once for each order that is there."""

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield batch
            try:
                order.unlink()  # only one task gets it
            except FileNotFoundError:
                continue
            daemon = os.getppid()
            executor = int(Path(f"/proc/{daemon}/stat").read_text().rpartition(")")[2].split()[1])
            os.kill(executor, signal.SIGKILL)

    return work


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux, whose /proc says who an executor is")
def test_an_executor_is_killed_in_each_pass(cluster: Any, tmp_path: Path) -> None:
    """Tasks are pure: what ran twice or was lost changes no answer, and is no change of the table."""
    order = tmp_path / "kill"
    df = cluster.createDataFrame(TABLE).repartition(4)
    df = df.mapInArrow(killing(order), df.schema)
    options, answers = ROLES | {"limit": 800}, ("eligible", "reason")
    order.touch()
    scored = spark.score(df, **options, reason=True)
    assert not order.exists()
    order.touch()
    assert told(scored, answers) == expected(TABLE, options, answers)
    assert not order.exists()
    spark.check(scored)

"""Real engines for the tests of this folder: one JVM for classic Spark and Spark Connect, and Sail where it is.

Without them the tests are skipped, each with the sentence that says how to get what it needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sessions import SAIL, started


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What other libraries warn of is theirs."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore"))


@pytest.fixture(scope="module")
def classic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Classic Spark, two threads."""
    spark = started("local[2]", {}, tmp_path_factory.mktemp("spark"))
    yield spark
    spark.stop()


@pytest.fixture(scope="module")
def connect(classic: Any) -> Iterator[Any]:
    """Spark Connect, served by the same JVM."""
    from pyspark.sql.connect.session import SparkSession

    service = getattr(classic._jvm, "org.apache.spark.sql.connect.service.SparkConnectService$")
    port = getattr(service, "MODULE$").localPort()
    spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").create()
    yield spark
    spark.stop()


@pytest.fixture(scope="module")
def sail() -> Iterator[Any]:
    """Sail, in this process."""
    if find_spec("pysail") is None or find_spec("py4j") is not None:
        pytest.skip(SAIL)
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    server = SparkConnectServer("127.0.0.1", 0)
    server.start()
    _, port = server.listening_address
    spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").create()
    yield spark
    spark.stop()
    server.stop()

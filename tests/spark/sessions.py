"""Sessions of real engines, or the sentence that says how to get what they need; no test here."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

JAVA = "needs Java 17 or newer: apt-get install openjdk-17-jre-headless, or set JAVA_HOME"
PYSPARK = "needs PySpark: pip install 'deminimis[spark]'"
SAIL = "needs Sail: pip install pysail 'pyspark-client<4.3', in an environment without pyspark"
CONF = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.session.timeZone": "Asia/Tokyo",  # nobody's day here
    "spark.sql.execution.arrow.maxRecordsPerBatch": "7",
    "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.connect.grpc.binding.port": "0",
}


def started(master: str, conf: dict[str, str], folder: Path) -> Any:
    """A classic session that is this process's only one, or a skip."""
    if find_spec("pyspark") is None or find_spec("py4j") is None:
        pytest.skip(PYSPARK)
    home = os.environ.get("JAVA_HOME")
    if not (Path(home) / "bin" / "java").exists() if home else shutil.which("java") is None:
        pytest.skip(JAVA)
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master)
    for name, value in (CONF | {"spark.sql.warehouse.dir": str(folder), "spark.local.dir": str(folder)} | conf).items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    return spark

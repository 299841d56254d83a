"""The Spark session: local by default, the cluster's own settings where it is one."""

import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pyspark.sql import SparkSession
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from jobs.kernels_first import kernels_first

T = TypeVar("T")

SETTINGS = {
    # One fused Python pass a stage: small Arrow batches, or the JVM holds pages it never looks at.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
    "spark.sql.execution.arrow.maxBytesPerBatch": str(8 << 20),
    "spark.python.worker.faulthandler.enabled": "true",
    "spark.task.maxFailures": "4",
    "spark.task.reaper.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    # The submission server has no authentication; nothing here uses it.
    "spark.master.rest.enabled": "false",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.ui.showConsoleProgress": "false",
    **{
        f"spark.executorEnv.{name}": "1"
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_IO_THREADS")
    },
}
LOCAL = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.driver.memory": "2g",
    "spark.sql.shuffle.partitions": "8",
}


def session(master: str | None, name: str = "corpusmill") -> SparkSession:
    """The session to run on: ``master``, else what ``spark-submit`` was given, else ``local[*]``.

    Settings of ``spark-submit`` and ``spark-defaults.conf`` win over ours.
    """
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    builder = SparkSession.builder.appName(name)
    chosen = SETTINGS
    if master or not submitted:
        master = master or "local[*]"
        builder = builder.master(_tolerant(master))
    if master and master.startswith("local"):
        quiet = f"-Dlog4j2.configurationFile=file:{Path(__file__).with_name('log4j2.properties')}"
        chosen = SETTINGS | LOCAL | {"spark.driver.extraJavaOptions": quiet}
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        _workers_like_us()
    given = _given() if submitted else {}
    for key, value in chosen.items():
        if key not in given:
            builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def local_cores(master: str | None) -> int | None:
    """Cores of this machine that a master names; None where it names a cluster, or spark-submit.

    >>> local_cores("local[3,4]"), local_cores("local"), local_cores("yarn")
    (3, 1, None)
    """
    if master is None:
        master = "" if "PYSPARK_GATEWAY_PORT" in os.environ else "local[*]"
    found = _LOCAL_MASTER.fullmatch(master)
    if found is None:
        return None
    cores = found[1] or "1"
    return len(os.sched_getaffinity(0)) if cores == "*" else int(cores)


_LOCAL_MASTER = re.compile(r"local(?:\[([0-9]+|\*)(?:,[0-9]+)?\])?")


def _tolerant(master: str) -> str:
    """Local masters try a task four times, as clusters do; plain ``local[N]`` gives up at once."""
    if master == "local":
        return "local[1,4]"
    if master.startswith("local[") and "," not in master:
        return master.replace("]", ",4]")
    return master


def _workers_like_us() -> None:
    """Local workers run this interpreter and see the packages this process sees."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    paths = [path for path in sys.path if path]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))


def _given() -> dict[str, str]:
    from pyspark import SparkConf  # noqa: PLC0415  # reads the gateway that spark-submit opened

    return dict(SparkConf().getAll())


def watched(spark: SparkSession, title: str, work: Callable[[], T]) -> T:
    """Result of ``work``, with a progress bar of the Spark tasks it starts (on a terminal only).

    Its local workers find the kernels compiled.
    """
    if local_cores(spark.sparkContext.master) is not None:
        kernels_first()
    console = Console(stderr=True)
    if not console.is_terminal:
        logging.getLogger(__name__).info("%s", title)
        return work()
    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    stop = threading.Event()
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(title, total=None)
        tracker = spark.sparkContext.statusTracker()

        def follow() -> None:
            while not stop.is_set():
                stages = [tracker.getStageInfo(i) for i in tracker.getActiveStageIds()]
                known = [stage for stage in stages if stage is not None]
                if known:
                    progress.update(
                        bar,
                        total=sum(stage.numTasks for stage in known),
                        completed=sum(stage.numCompletedTasks for stage in known),
                    )
                time.sleep(0.3)

        thread = threading.Thread(target=follow, daemon=True)
        thread.start()
        try:
            return work()
        finally:
            stop.set()
            thread.join()

"""What Spark's event log says of a run: per stage, seconds, shuffled and spilled bytes."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple


class SparkStage(NamedTuple):
    """One stage of Spark; ``run_s`` and the bytes are sums over its tasks."""

    number: int
    tasks: int
    wall_s: float
    run_s: float
    shuffle_written: int
    shuffle_read: int
    shuffle_rows: int
    spilled: int
    """Bytes of rows that did not fit, as they lay on disk."""


def stages(folder: Path) -> list[SparkStage]:
    """Stages of the only run logged in a folder, by number."""
    wall_s: dict[int, float] = {}
    sums: dict[int, Counter[str]] = {}
    for event in _events(folder):
        if event["Event"] == "SparkListenerStageCompleted":
            info = event["Stage Info"]
            spent = info["Completion Time"] - info["Submission Time"]
            wall_s[info["Stage ID"]] = spent / 1000
        elif event["Event"] == "SparkListenerTaskEnd" and event.get("Task Metrics"):
            sums.setdefault(event["Stage ID"], Counter()).update(_task(event["Task Metrics"]))
    return [
        SparkStage(number, s["tasks"], wall_s.get(number, 0.0), s["run_ms"] / 1000, s["written"],
                   s["read"], s["rows"], s["spilled"])
        for number, s in sorted(sums.items())
    ]  # fmt: skip


def _events(folder: Path) -> Iterator[dict[str, Any]]:
    (log,) = (path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):  # a driver that just ended may leave half a line
                yield json.loads(line)


def _task(metrics: dict[str, Any]) -> dict[str, int]:
    written, read = metrics["Shuffle Write Metrics"], metrics["Shuffle Read Metrics"]
    return {
        "tasks": 1,
        "run_ms": metrics["Executor Run Time"],
        "written": written["Shuffle Bytes Written"],
        "rows": written["Shuffle Records Written"],
        "read": read["Remote Bytes Read"] + read["Local Bytes Read"],
        "spilled": metrics["Disk Bytes Spilled"],
    }

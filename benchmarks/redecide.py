"""Deciding again from stored measurements: ``corpusmill curate`` over many synthetic documents.

    benchmarks/redecide.py RUN --documents 1000000 --scratch /somewhere

RUN is the output folder of a real run whose rows are drawn from. Wall and CPU seconds of all
processes are told for each part of the job, as its log names them.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import synthetic
from whole_job import SAMPLE_S, Tree

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pipeline.files import Folder  # noqa: E402

PARTS = {
    "decide": "decide", "write shards": "write shards", "count": "count", "count masks": "count",
}  # fmt: skip


def measured(command: list[str]) -> dict[str, dict[str, float]]:
    """Wall and CPU seconds of a command, by the lines of its log that begin a part."""
    started = time.time()
    marks = [("start", started)]
    process = subprocess.Popen(
        [sys.executable, "-c", "from jobs.cli import main; main()", *command],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT))},
    )  # fmt: skip
    last: list[str] = []

    def follow() -> None:
        for line in process.stderr or ():
            last.append(line)
            part = PARTS.get(line.strip())
            if part and part != marks[-1][0]:
                marks.append((part, time.time()))

    reader = threading.Thread(target=follow)
    reader.start()
    tree = Tree(process.pid)
    while process.poll() is None:
        tree.sample()
        time.sleep(SAMPLE_S)
    reader.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {last[-3:]}")
    marks.append(("end", time.time()))
    spent = [sum(tree.spent_until(at).values()) for _, at in marks]
    parts = {
        name: {"wall_s": round(after - at, 1), "cpu_s": round(cpu_after - cpu, 1)}
        for ((name, at), (_, after)), (cpu, cpu_after) in zip(
            pairwise(marks), pairwise(spent), strict=True
        )
    }
    whole = {"wall_s": round(marks[-1][1] - started, 1), "cpu_s": round(spent[-1], 1)}
    memory = {name: size >> 20 for name, size in tree.peaks().items()}
    return {**parts, "whole": whole, "peak_mib": memory}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", help="output folder of a real run")
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--preset", default="fineweb2")
    parser.add_argument("--dry-run-only", action="store_true")
    options = parser.parse_args()
    folder = options.scratch / f"synthetic-{options.documents}"
    if not (folder / "stages" / "deduplicate.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        print(synthetic.build(Folder(options.run), Folder(str(folder)), options.documents))
    curate = ["curate", str(folder), "--preset", options.preset]
    commands = {"compare": ["compare", str(folder), "openeurollm", options.preset]}
    commands["decide alone (--dry-run)"] = [*curate, "--dry-run"]
    if not options.dry_run_only:
        commands["curate"] = curate
    for name, command in commands.items():
        (folder / "stages" / "curate.json").unlink(missing_ok=True)
        print(json.dumps({name: measured(command)}))


if __name__ == "__main__":
    main()

"""``corpusmill deduplicate`` over millions of planted documents: how time, bytes and memory grow.

    benchmarks/cluster_scale.py 1 2 4 8 16 --scratch /somewhere --output results/cluster_scale.md

Sizes are in millions. Every size is made, deduplicated and checked in processes of its own; each
adds a line to SCRATCH/runs.jsonl, from which the report is made, so sizes may be run one by one.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from event_log import stages
from whole_job import JVM, WORKER, Tree

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_S = 0.5
HEAP = "2g"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("millions", type=float, nargs="*", help="sizes to run, in millions")
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--edge-cap", type=int, help="0 takes rounds of the cluster to the end")
    parser.add_argument("--master", default="local[2]")
    parser.add_argument(
        "--against", type=float, default=0, metavar="MILLIONS", help="older documents to know"
    )
    parser.add_argument("--heap", default=HEAP, help="spark.driver.memory")
    parser.add_argument("--conf", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--keep", action="store_true", help="leave the documents")
    parser.add_argument("--output", type=Path, help="write the report of all lines so far")
    options = parser.parse_args()
    options.scratch.mkdir(parents=True, exist_ok=True)
    log = options.scratch / "runs.jsonl"
    for millions in options.millions:
        line = measured(int(millions * 1_000_000), options)
        print(json.dumps(line), flush=True)
        with log.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")
    if options.output:
        from cluster_scale_report import document  # noqa: PLC0415

        runs = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
        options.output.write_text("\n".join(document(runs)) + "\n", encoding="utf-8")


def measured(documents: int, options: argparse.Namespace) -> dict[str, Any]:
    """Make, deduplicate and check one size, against older documents where asked for."""
    older = int(options.against * 1_000_000)
    every = older + documents
    folder = options.scratch / f"planted-{older}-{every}"
    old = options.scratch / f"planted-{every}-older-{older}"
    against, before = [], {}
    if older:
        made, found, checked = _one(old, options, (every, 0, older), [])
        before = {"older": older, "older_run": {**made, **found, **checked}}
        before["older_run"].pop("spark_stages")
        against = ["--against", f"older={old}"]
    made, found, checked = _one(folder, options, (every, older, every), against)
    if not options.keep:
        shutil.rmtree(folder)
        shutil.rmtree(old, ignore_errors=True)
    return {**before, **made, **found, **checked, **environment(options)}


def _one(
    folder: Path, options: argparse.Namespace, span: tuple[int, int, int], against: list[str]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Some documents of so many: what they are, what deduplicating takes, what it finds."""
    every, first, last = map(str, span)

    def planted(what: str) -> dict[str, Any]:
        script = str(ROOT / "benchmarks" / "planted.py")
        return run_json([script, what, str(folder), every, str(options.seed), first, last])

    if not (folder / "stages" / "extract.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        planted("build")
    return planted("facts"), deduplicated(folder, options, against), planted("check")


def run_json(arguments: list[str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, *arguments], stdout=subprocess.PIPE, check=True, env=_environ()
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def deduplicated(folder: Path, options: argparse.Namespace, arguments: list[str]) -> dict[str, Any]:
    """Run the command as a user would, and see what it takes."""
    for name in ("conf", "events", "local", "members", "scratch"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("conf", "events", "local"):
        (folder / name).mkdir()
    (folder / "stages" / "deduplicate.json").unlink(missing_ok=True)
    settings = {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": f"file://{folder}/events",
        "spark.eventLog.rolling.enabled": "false",
        "spark.eventLog.compress": "false",
        "spark.local.dir": f"{folder}/local",
    }
    (folder / "conf" / "spark-defaults.conf").write_text(
        "".join(f"{name} {value}\n" for name, value in settings.items())
    )
    local = {"spark.driver.memory": options.heap}
    local |= dict(pair.split("=", 1) for pair in options.conf)
    command = [
        sys.executable, str(ROOT / "benchmarks" / "deduplicate_in.py"), json.dumps(local),
        "deduplicate", str(folder), "--master", options.master, *arguments,
    ]  # fmt: skip
    if options.edge_cap is not None:
        (folder / "conf" / "run.toml").write_text(f"[duplicates]\nedge_cap = {options.edge_cap}\n")
        command += ["--config", str(folder / "conf" / "run.toml")]
    load = os.getloadavg()[0]
    started = time.time()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env=_environ() | {"SPARK_CONF_DIR": str(folder / "conf")},
    )  # fmt: skip
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.extend(process.stderr or ()))
    reader.start()
    tree, most_disk, proportional, samples = Tree(process.pid), 0, 0, 0
    while process.poll() is None:
        tree.sample()
        proportional = max(proportional, _proportional(process.pid))
        if samples % 20 == 0:
            most_disk = max(most_disk, _size(folder / "local") + _size(folder / "scratch"))
        samples += 1
        time.sleep(SAMPLE_S)
    reader.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {said[-5:]}")
    wall_s = time.time() - started
    spent = tree.spent_until(time.time())
    every = stages(folder / "events")
    return {
        "wall_s": round(wall_s, 1),
        "cpu_s": round(sum(spent.values()), 1),
        "cpu_by_role_s": {role: round(s, 1) for role, s in spent.items()},
        "jvm_cpu_s": round(spent.get(JVM, 0.0), 1),
        "worker_cpu_s": round(spent.get(WORKER, 0.0), 1),
        "shuffle_written": sum(s.shuffle_written for s in every),
        "shuffle_read": sum(s.shuffle_read for s in every),
        "shuffle_rows": sum(s.shuffle_rows for s in every),
        "spilled": sum(s.spilled for s in every),
        "most_disk": most_disk,
        "peak_bytes": tree.peaks(),
        "together_bytes": tree.together_bytes,
        "proportional_bytes": proportional,
        "rounds": [line.strip() for line in said if line.startswith("near: ")],
        "load": [round(load, 1), round(os.getloadavg()[0], 1)],
        "spark_stages": [s._asdict() for s in every],
    }


def environment(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "heap": options.heap,
        "master": options.master,
        "edge_cap": options.edge_cap,
        "conf": options.conf,
    }


def _proportional(pid: int) -> int:
    """Memory of a process and all below it at this moment, a page shared by n counted 1/n each."""
    total = 0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            total += process.memory_full_info().pss
    except psutil.Error:
        return 0  # one ended meanwhile; the next look is soon
    return total


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_blocks * 512 if path.is_file() else 0
        except OSError:
            continue  # gone meanwhile
    return total


def _environ() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT))}


if __name__ == "__main__":
    main()

"""First end-to-end figure: what a page costs, stage by stage, and what the whole job takes."""

import argparse
import hashlib
import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
DEFAULT = ("europa/pages.warc.gz", "warc/archivesunleashed+aut/example.warc.gz")
RESULTS = Path(__file__).resolve().parent / "results" / "end_to_end.md"
LIBRARIES = (
    "pyspark", "pyarrow", "numpy", "numba", "trafilatura", "resiliparse", "lxml",
    "fasttext-predict", "phonenumbers", "isal",
)  # fmt: skip
EPILOG = """examples:
  python benchmarks/end_to_end.py
  python benchmarks/end_to_end.py samples/archives/nordic.warc.gz --repeat 5 --output nordic.md
  python benchmarks/end_to_end.py crawl.warc.gz --job-repeat 0    (no Spark, needs no Java)
"""


class Archive(NamedTuple):
    path: Path
    title: str
    """Name without this machine's folders."""
    bytes: int
    sha256: str


def main() -> None:
    arguments = _arguments()
    archives = [_archive(path) for path in arguments.archives or _defaults()]
    if arguments.job_repeat:
        _find_java()
    missing = [name for name in ("psutil", "pipeline") if not importlib.util.find_spec(name)]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)}; `make install` makes .venv with all")
    load = os.getloadavg()[0]  # before this adds its own
    lines = _document(archives, arguments.repeat, arguments.job_repeat, load)
    text = "\n".join(lines) + "\n"
    print(text)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(text, "utf-8")
    print(f"written to {os.path.relpath(arguments.output)}", file=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Time the extract stage by parts on one core, then the whole job under Spark; "
        "print the figures as Markdown and write them to a file.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "archives", nargs="*", type=Path, metavar="ARCHIVE",
        help=f"WARC or ARC files (default: {' and '.join(DEFAULT)} in ../shared/data)",
    )  # fmt: skip
    parser.add_argument(
        "--repeat", type=int, default=3, metavar="N", help="runs on one core (default: 3)"
    )
    parser.add_argument(
        "--job-repeat", type=int, default=2, metavar="N",
        help="runs of the job under Spark (default: 2; 0 leaves it out)",
    )  # fmt: skip
    parser.add_argument(
        "--output", type=Path, default=RESULTS, metavar="FILE",
        help="where the figures go (default: benchmarks/results/end_to_end.md)",
    )  # fmt: skip
    arguments = parser.parse_args()
    if arguments.repeat < 1 or arguments.job_repeat < 0:
        parser.error("--repeat is at least 1, --job-repeat at least 0")
    return arguments


def _defaults() -> list[Path]:
    return [DATA / name for name in DEFAULT]


def _archive(path: Path) -> Archive:
    if not path.is_file():
        sys.exit(
            f"{path}: no such archive; name one, such as samples/archives/nordic.warc.gz"
            + (", or put the shared data beside the project" if path in _defaults() else "")
        )
    content = path.read_bytes()
    title = "/".join(path.parts[-2:]) if path in _defaults() else path.name
    return Archive(path.resolve(), title, len(content), hashlib.sha256(content).hexdigest())


def _find_java() -> None:
    found = subprocess.run([ROOT / "find-java.sh"], capture_output=True, text=True, check=False)
    if found.returncode:
        sys.exit(
            "the job needs a Java 17+ runtime: `make java`, or leave it out with --job-repeat 0"
        )
    os.environ["JAVA_HOME"] = found.stdout.strip()


def _document(archives: Sequence[Archive], repeat: int, job_repeat: int, load: float) -> list[str]:
    import in_process  # noqa: PLC0415  # --help need not wait for it
    import pyarrow as pa  # noqa: PLC0415
    import report  # noqa: PLC0415
    import whole_job  # noqa: PLC0415

    from pipeline.config import load as configuration  # noqa: PLC0415

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    measured = []
    for archive in archives:
        with tempfile.TemporaryDirectory() as scratch:
            print(f"{archive.title}: one core, {repeat} runs", file=sys.stderr)
            split = in_process.measure(archive.path, configuration(), Path(scratch), repeat)
            jobs = []
            for run in range(job_repeat):
                print(f"{archive.title}: corpusmill mill, run {run + 1}", file=sys.stderr)
                jobs.append(whole_job.run(archive.path, Path(scratch) / f"job{run}"))
        measured.append(report.Measured(archive.title, archive.bytes, archive.sha256, split, jobs))
    machine = [
        *_machine(),
        f"1-minute load average at the start: {load:.1f}",
        _versions(job=job_repeat > 0),
    ]
    return report.document(
        measured, (repeat, job_repeat), [f"{datetime.now(UTC):%Y-%m-%d}", *machine]
    )


def _machine() -> list[str]:
    model = _value("/proc/cpuinfo", "model name") or platform.machine()
    memory_gib = int((_value("/proc/meminfo", "MemTotal") or "0").split()[0]) / (1 << 20)
    cores = len(os.sched_getaffinity(0))
    return [f"{model}, {cores} cores, {memory_gib:.1f} GiB of memory, Linux"]


def _value(path: str, name: str) -> str:
    for line in Path(path).read_text("utf-8", "replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def _versions(*, job: bool) -> str:
    from pipeline.fingerprint import code  # noqa: PLC0415

    named = [f"Python {platform.python_version()}"]
    if job:
        named.append(f"Java {_java_version()}")
    named += [f"{name} {version(name)}" for name in LIBRARIES]
    return f"Corpusmill {version('corpusmill')} (sources {code()['sources_sha256'][:12]}), " + (
        ", ".join(named)
    )


def _java_version() -> str:
    java = Path(os.environ["JAVA_HOME"]) / "bin" / "java"
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
    return told.partition('"')[2].partition('"')[0] or "?"


if __name__ == "__main__":
    main()

"""How long a fresh worker takes until it has measured a text, with all kernels compiled before.

Each run is a process of its own, as Spark starts one for each core: it imports what extraction
imports, loads language model, word lists and tokenizer, measures one text of two lines in all
columns, and has its guarded child read one page. Wall seconds since the process was started; files
are in the page cache, and a core is free.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from end_to_end import _machine as machine

from jobs.kernels_first import kernels_first

HERE = Path(__file__).resolve().parent
STEPS = (
    "Python",
    "imports",
    "model, lists, tokenizer",
    "first text measured",
    "child's first page",
)
MEASURED = STEPS.index("first text measured")
WORK = """
import json, sys, time
began = float(sys.argv[1])
at = [time.time() - began]
from pipeline import config, extraction, memory, steps
import pyarrow
memory.without_pandas()
at.append(time.time() - began)
chosen = config.load()
tools = extraction.tools(chosen)
at.append(time.time() - began)
text = pyarrow.array(["A text of two lines.\\nThis is the other."])
steps.measured(text, ["eng_Latn"], chosen.duplicates.hashes, tools)
at.append(time.time() - began)
child = extraction.sandbox(chosen.text)
child.run(*extraction.PROBE)
at.append(time.time() - began)
child.close()
print(json.dumps([at, "scipy" in sys.modules]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=9, metavar="N", help="processes (9)")
    parser.add_argument(
        "--python", default=sys.executable, metavar="PATH", help="whose (default: this one's)"
    )
    parser.add_argument(
        "--output", type=Path, default=HERE / "results" / "worker_start.md", metavar="FILE"
    )
    arguments = parser.parse_args()
    kernels_first()
    runs = [_run(arguments.python) for _ in range(arguments.repeat + 1)][1:]
    lines = _report([at for at, _ in runs], with_scipy=runs[0][1])
    print("\n".join(lines))
    arguments.output.write_text("\n".join(lines) + "\n", "utf-8")


def _run(python: str) -> tuple[list[float], bool]:
    """Seconds after which each step was done, and whether scipy was imported."""
    command = [python, "-c", WORK, repr(time.time())]
    done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=True)
    at, with_scipy = json.loads(done.stdout)
    return at, with_scipy


def _report(runs: list[list[float]], *, with_scipy: bool) -> list[str]:
    spent = [[end - start for start, end in zip([0.0, *run], run, strict=False)] for run in runs]
    until = [run[MEASURED] for run in runs]
    return [
        "# A worker's start",
        "",
        "Made by `benchmarks/worker_start.py`, which says what is measured.",
        "",
        f"- {datetime.now(UTC):%Y-%m-%d}",
        *(f"- {fact}" for fact in machine()),
        f"- Python {platform.python_version()}, numba {version('numba')}, "
        f"pyarrow {version('pyarrow')}; {'with' if with_scipy else 'without'} scipy, which numba "
        "imports where it is installed; of what Corpusmill needs, nothing does",
        f"- {len(runs)} processes after one to fill the page cache",
        "",
        "| step | median s | least | most |",
        "|---|---:|---:|---:|",
        *(
            _row(step, [run[number] for run in spent])
            for number, step in enumerate(STEPS[: MEASURED + 1])
        ),
        _row("**until the first text is measured**", until),
        *(
            _row(step, [run[number] for run in spent])
            for number, step in enumerate(STEPS)
            if number > MEASURED
        ),
    ]


def _row(name: str, seconds: list[float]) -> str:
    middle = statistics.median(seconds)
    return f"| {name} | {middle:.2f} | {min(seconds):.2f} | {max(seconds):.2f} |"


if __name__ == "__main__":
    main()

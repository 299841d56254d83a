"""All signals and a MinHash signature of each document: Corpusmill beside datatrove, in one run."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import peer
import pyarrow as pa
import texts
from clock import REST, Clock
from end_to_end import _machine as machine

from pipeline import config, extraction, steps
from pipeline.fingerprint import code

HERE = Path(__file__).resolve().parent
BATCH = 500
HASHES = 112
TIMED = (
    ("decoded", "UTF-8 to code points"),
    ("tokenize", "words"),
    ("token_hashes", "hashes of words"),
    ("measure", "signals"),
    ("shingles_of", "shingles"),
    ("signatures", "MinHash, 112 hashes"),
    ("text_hashes", "text hash"),
)
Batch = tuple[pa.Array, list[str]]


def main() -> None:
    arguments = _arguments()
    interpreter = peer.python(arguments.peer_python)
    load = os.getloadavg()[0]
    documents = [one for one in texts.read(arguments.documents) if one.text]
    if arguments.set:
        documents = [one for one in documents if one.set in arguments.set]
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "documents.jsonl", Path(folder) / "seconds.json"
        with given.open("w", encoding="utf-8") as out:
            for one in documents:
                print(json.dumps({"text": one.text, "lang": one.lang}), file=out)
        peer.run(
            interpreter, "datatrove_speed.py", given, found, "--repeat", str(arguments.peer_repeat)
        )
        theirs = json.loads(found.read_text("utf-8"))
    documents = [one for one in documents if one.lang not in theirs["left_out"]]
    ours = _measure(documents, arguments.repeat)
    lines = _report(documents, ours, theirs, load, (arguments.repeat, arguments.peer_repeat))
    print("\n".join(lines))
    arguments.output.write_text("\n".join(lines) + "\n", "utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=Path, metavar="PARQUET", help="as fidelity.py takes")
    parser.add_argument("--set", action="append", choices=texts.SETS, help="only this set")
    parser.add_argument("--peer-python", type=Path, metavar="PATH")
    parser.add_argument("--repeat", type=int, default=7, metavar="N", help="our runs (default: 7)")
    parser.add_argument("--peer-repeat", type=int, default=2, metavar="N", help="theirs (2)")
    parser.add_argument(
        "--output", type=Path, default=HERE / "results" / "signals.md", metavar="FILE"
    )
    return parser.parse_args()


def _measure(documents: Sequence[texts.Document], repeat: int) -> dict[str, float]:
    """CPU seconds by kernel, of the run with the least; two runs before warm the caches."""
    batches: list[Batch] = [
        (pa.array([one.text for one in part], pa.string()), [one.lang for one in part])
        for part in (documents[at : at + BATCH] for at in range(0, len(documents), BATCH))
    ]
    _run(batches)
    _run(batches)
    return min((_run(batches) for _ in range(repeat)), key=lambda spent: sum(spent.values()))


def _without_model(
    _identifier: object, _codes: object, _offsets: object, langs: Sequence[str], _menus: object
) -> np.ndarray:
    """Every line in the document's language: what the model says of lines is not timed here."""
    return np.ones(len(langs))


def _run(batches: Iterable[Batch]) -> dict[str, float]:
    clock = Clock()
    tools = extraction.tools(config.load())
    patches = [
        patch.object(steps, name, clock.timed(getattr(steps, name), stage)) for name, stage in TIMED
    ]
    patches.append(patch.object(steps, "line_language_shares", _without_model))
    for one in patches:
        one.start()
    clock.start()
    for batch, langs in batches:
        steps.measured(batch, langs, HASHES, tools)
    clock.finish()
    for one in patches:
        one.stop()
    return dict(clock.cpu_s)


def _report(
    documents: Sequence[texts.Document],
    ours: dict[str, float],
    theirs: dict[str, Any],
    load: float,
    repeats: tuple[int, int],
) -> list[str]:
    mb, count = texts.mb(documents), len(documents)
    signals = _signal_count()
    stages = [name for _, name in TIMED] + [REST]
    whole = sum(ours.values())
    lines = [
        "# Signals and signatures beside datatrove",
        "",
        "Made by `benchmarks/signals.py`: one core, CPU seconds, everything warm, best of "
        f"{repeats[0]} runs (Corpusmill) and {repeats[1]} (datatrove).",
        "",
        f"- {datetime.now(UTC):%Y-%m-%d}",
        *(f"- {fact}" for fact in machine()),
        f"- 1-minute load average at the start: {load:.1f}",
        f"- Corpusmill {version('corpusmill')} (sources {code()['sources_sha256'][:12]}), Python "
        f"{platform.python_version()}, numba {version('numba')}, numpy {version('numpy')}; "
        "datatrove as pinned in `peers/datatrove.txt`",
        f"- {count:,} documents, {mb:.2f} MB of UTF-8, SHA-256 `{texts.checksum(documents)}`; left "
        f"out, for datatrove cannot split them here: {', '.join(theirs['left_out']) or 'none'}",
        "",
        "| | CPU ms a document | MB/s a core | times Corpusmill's cost |",
        "|---|---:|---:|---:|",
        _row(f"**Corpusmill, {signals} signals, signature, text hash**", whole, count, mb, whole),
    ]
    for mode, told in (
        ("measuring", "every rule measured"),
        ("stopping", "each filter stops at its first failure, none stops the next"),
    ):
        spent = sum(theirs[mode].values())
        lines.append(_row(f"**datatrove, {told}**", spent, count, mb, whole))
    lines += ["", "## Corpusmill by kernel", "", "| kernel | CPU ms a document | MB/s | share |"]
    lines += ["|---|---:|---:|---:|"]
    lines += [_part(name, ours.get(name, 0.0), count, mb, whole) for name in stages]
    for mode in ("measuring", "stopping"):
        spent = theirs[mode]
        lines += ["", f"## datatrove by part, {mode}", ""]
        lines += ["| part | CPU ms a document | MB/s | share |", "|---|---:|---:|---:|"]
        lines += [_part(name, time, count, mb, sum(spent.values())) for name, time in spent.items()]
    return [
        *lines,
        "",
        "datatrove's filters share the words, which are split before the first; its signature",
        "splits its own, normalised text, and C4 asks for the sentences of every line. Filters are",
        "built, tokenisers loaded and documents read before the clock starts, on both sides.",
    ]


def _signal_count() -> int:
    from filters.signals import SIGNALS  # noqa: PLC0415

    return len(SIGNALS)


def _row(name: str, spent: float, count: int, mb: float, whole: float) -> str:
    return f"| {name} | {1000 * spent / count:.3f} | {mb / spent:,.2f} | {spent / whole:.1f} |"


def _part(name: str, spent: float, count: int, mb: float, whole: float) -> str:
    speed = f"{mb / spent:,.1f}" if spent else "-"
    return f"| {name} | {1000 * spent / count:.4f} | {speed} | {spent / whole:.1%} |"


if __name__ == "__main__":
    sys.exit(main())

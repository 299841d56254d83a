"""All signals and a MinHash signature of each document: Corpusmill beside datatrove, in one run."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
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

from language_id.decoded import Characters
from pipeline import config, extraction, steps
from pipeline.fingerprint import code
from pipeline.tokens import TokenCounter

HERE = Path(__file__).resolve().parent
BATCH = 500
HASHES = 112
TIMED = (
    ("decoded", "UTF-8 to code points"),
    ("tokenize", "words"),
    ("token_hashes", "hashes of words"),
    ("but_repetition", "signals"),
    ("repetition", "signals"),
    ("shingles_of", "shingles"),
    ("signatures", "MinHash, 112 hashes"),
    ("text_hashes", "text hash"),
)
Batch = tuple[pa.Array, list[str]]


def main() -> None:
    arguments = _arguments()
    load = os.getloadavg()[0]
    every = [one for one in texts.read(arguments.documents) if one.text]
    named = arguments.set or texts.SETS
    sets = {name: [one for one in every if one.set == name] for name in named}
    sets = {name: documents for name, documents in sets.items() if documents}
    ours = _measure(sets, arguments.repeat)
    lines = _report(sets, ours, load, (arguments.repeat, arguments.peer_repeat))
    if arguments.peer_set in sets:
        documents = sets[arguments.peer_set]
        theirs = _theirs(documents, arguments.peer_python, arguments.peer_repeat)
        documents = [one for one in documents if one.lang not in theirs["left_out"]]
        same = _measure({arguments.peer_set: documents}, arguments.repeat)[arguments.peer_set]
        lines += _beside(arguments.peer_set, documents, same, theirs)
    print("\n".join(lines))
    arguments.output.write_text("\n".join(lines) + "\n", "utf-8")


def _theirs(documents: Sequence[texts.Document], given: Path | None, repeat: int) -> dict[str, Any]:
    """What ``peers/datatrove_speed.py`` measured of the documents."""
    interpreter = peer.python(given)
    with tempfile.TemporaryDirectory() as folder:
        lines, found = Path(folder) / "documents.jsonl", Path(folder) / "seconds.json"
        with lines.open("w", encoding="utf-8") as out:
            for one in documents:
                print(json.dumps({"text": one.text, "lang": one.lang}), file=out)
        peer.run(interpreter, "datatrove_speed.py", lines, found, "--repeat", str(repeat))
        measured: dict[str, Any] = json.loads(found.read_text("utf-8"))
    return measured


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=Path, metavar="PARQUET", help="as fidelity.py takes")
    parser.add_argument(
        "--set", action="append", choices=texts.SETS, help="only this set (default: each)"
    )
    parser.add_argument(
        "--peer-set", choices=(*texts.SETS, "none"), default="europa", metavar="SET",
        help="the set datatrove measures too (default: europa)",
    )  # fmt: skip
    parser.add_argument("--peer-python", type=Path, metavar="PATH")
    parser.add_argument("--repeat", type=int, default=7, metavar="N", help="our runs (default: 7)")
    parser.add_argument("--peer-repeat", type=int, default=2, metavar="N", help="theirs (2)")
    parser.add_argument(
        "--output", type=Path, default=HERE / "results" / "signals.md", metavar="FILE"
    )
    return parser.parse_args()


def _measure(
    sets: Mapping[str, Sequence[texts.Document]], repeat: int
) -> dict[str, dict[str, float]]:
    """CPU seconds by kernel, of the run of each set with the least; a run before warms the caches.

    The sets take turns, so that each has its run in a quiet moment where there is one.
    """
    batches: dict[str, list[Batch]] = {
        name: [
            (pa.array([one.text for one in part], pa.string()), [one.lang for one in part])
            for part in (documents[at : at + BATCH] for at in range(0, len(documents), BATCH))
        ]
        for name, documents in sets.items()
    }
    runs = [{name: _run(own) for name, own in batches.items()} for _ in range(repeat + 1)][1:]
    return {
        name: min((run[name] for run in runs), key=lambda spent: sum(spent.values()))
        for name in sets
    }


def _without_model(
    _identifier: object, _codes: object, _offsets: object, langs: Sequence[str], _menus: object
) -> np.ndarray:
    """Every line in the document's language: what the model says of lines is not timed here."""
    return np.ones(len(langs))


def _without_tokens(_counter: object, characters: Characters) -> np.ndarray:
    """No counts: tokens are no signal."""
    return np.zeros(len(characters.offsets) - 1, dtype=np.int32)


def _run(batches: Iterable[Batch]) -> dict[str, float]:
    clock = Clock()
    tools = extraction.tools(config.load())
    patches = [
        patch.object(steps, name, clock.timed(getattr(steps, name), stage)) for name, stage in TIMED
    ]
    patches.append(patch.object(steps, "line_language_shares", _without_model))
    patches.append(patch.object(TokenCounter, "counts", _without_tokens))
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
    sets: Mapping[str, Sequence[texts.Document]],
    ours: Mapping[str, Mapping[str, float]],
    load: float,
    repeats: tuple[int, int],
) -> list[str]:
    """What was measured, and how fast each set is."""
    stages = [*dict.fromkeys(name for _, name in TIMED), REST]
    lines = [
        "# Signals and signatures, and datatrove beside them",
        "",
        "Made by `benchmarks/signals.py`: one core, CPU seconds, everything warm, best of "
        f"{repeats[0]} runs (Corpusmill) and {repeats[1]} (datatrove).",
        "",
        f"- {datetime.now(UTC):%Y-%m-%d}",
        *(f"- {fact}" for fact in machine()),
        f"- 1-minute load average: {load:.1f} at the start, {os.getloadavg()[0]:.1f} after "
        "Corpusmill's runs; above 1, other work shared the cores",
        f"- Corpusmill {version('corpusmill')} (sources {code()['sources_sha256'][:12]}), Python "
        f"{platform.python_version()}, numba {version('numba')}, numpy {version('numpy')}; "
        "datatrove as pinned in `peers/datatrove.txt`",
        "",
        f"## {_signal_count()} signals, signature and text hash of each set",
        "",
        "europa: press releases; debian-docs: manual pages; udhr: one declaration in 448 languages;",
        "web: pages of web archives, Common Crawl's among them, short and rich in numbers and marks.",
        "",
        "| set | documents | MB of UTF-8 | CPU ms a document | MB/s a core | SHA-256 of the texts |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for name, documents in sets.items():
        spent, mb, count = sum(ours[name].values()), texts.mb(documents), len(documents)
        lines.append(
            f"| {name} | {count:,} | {mb:.2f} | {1000 * spent / count:.3f} | "
            f"**{mb / spent:.1f}** | `{texts.checksum(documents)[:16]}` |"
        )
    head = " | ".join(sets)
    lines += ["", "## By kernel, CPU ns a byte", "", f"| kernel | {head} |"]
    lines.append(f"|---|{'---:|' * len(sets)}")
    for stage in stages:
        cells = (1000 * ours[name].get(stage, 0.0) / texts.mb(sets[name]) for name in sets)
        lines.append(f"| {stage} | {' | '.join(f'{cell:.2f}' for cell in cells)} |")
    return lines


def _beside(
    name: str,
    documents: Sequence[texts.Document],
    ours: Mapping[str, float],
    theirs: Mapping[str, Any],
) -> list[str]:
    """The same documents in datatrove."""
    mb, count, whole = texts.mb(documents), len(documents), sum(ours.values())
    left_out = ", ".join(theirs["left_out"]) or "none"
    lines = [
        "",
        f"## Beside datatrove, {name}",
        "",
        f"{count:,} documents, {mb:.2f} MB; left out, for datatrove cannot split them here: "
        f"{left_out}.",
        "",
        "| | CPU ms a document | MB/s a core | times Corpusmill's cost |",
        "|---|---:|---:|---:|",
        _row(
            f"**Corpusmill, {_signal_count()} signals, signature, text hash**",
            whole,
            count,
            mb,
            whole,
        ),
    ]
    for mode, told in (
        ("measuring", "every rule measured"),
        ("stopping", "each filter stops at its first failure, none stops the next"),
    ):
        spent = sum(theirs[mode].values())
        lines.append(_row(f"**datatrove, {told}**", spent, count, mb, whole))
    for mode in ("measuring", "stopping"):
        spent = theirs[mode]
        lines += ["", f"### datatrove by part, {mode}", ""]
        lines += ["| part | CPU ms a document | MB/s | share |", "|---|---:|---:|---:|"]
        lines += [_part(part, time, count, mb, sum(spent.values())) for part, time in spent.items()]
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

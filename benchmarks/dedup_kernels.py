"""Texts to MinHash signatures and bands: Corpusmill, datasketch, rensa and datatrove in one run."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import peer
import texts
from end_to_end import _machine as machine

from dedup.bands import PRESETS
from pipeline.fingerprint import code

HERE = Path(__file__).resolve().parent
LIBRARIES = ("datasketch", "datasketch, xxhash", "rensa, RMinHash", "rensa, CMinHash")
DATATROVE = "datatrove, MinhashDedupSignature"
OURS = "Corpusmill, {}"
BAR = 50
"""MB/s of text a core with 112 hashes that Corpusmill must make."""


def main() -> None:
    arguments = _arguments()
    libraries = peer.python(arguments.libraries_python, "signatures")
    datatrove = peer.python(arguments.datatrove_python)
    load = os.getloadavg()[0]
    documents = [one for one in texts.read(arguments.documents) if one.text]
    if arguments.set:
        documents = [one for one in documents if one.set in arguments.set]
    with tempfile.TemporaryDirectory() as folder:
        given, out = Path(folder) / "documents.jsonl", Path(folder) / "found.json"
        _write(documents, given)
        peer.run(datatrove, "datatrove_signature.py", given, out)
        found = {DATATROVE: json.loads(out.read_text("utf-8"))}
        left_out = found[DATATROVE]["left_out"]
        documents = [one for one in documents if one.lang not in left_out]
        _write(documents, given)
        for name in LIBRARIES:
            peer.run(libraries, "signatures_speed.py", given, out, "--only", name)
            found[name] = json.loads(out.read_text("utf-8"))
        for preset in PRESETS:
            if preset.name in ("default", "hplt", "nemo", "olmo3"):
                command = [sys.executable, HERE / "own_signatures.py", given, out]
                subprocess.run([*command, "--preset", preset.name], check=True)
                found[OURS.format(preset.name)] = json.loads(out.read_text("utf-8"))
    lines = _report(documents, found, left_out, load)
    print("\n".join(lines))
    arguments.output.write_text("\n".join(lines) + "\n", "utf-8")
    speed = texts.mb(documents) / sum(found[OURS.format("default")]["seconds"].values())
    if speed < BAR:
        sys.exit(f"{speed:.0f} MB/s a core, must be {BAR}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=Path, metavar="PARQUET", help="as fidelity.py takes")
    parser.add_argument("--set", action="append", choices=texts.SETS, help="only this set")
    parser.add_argument("--datatrove-python", type=Path, metavar="PATH")
    parser.add_argument("--libraries-python", type=Path, metavar="PATH")
    parser.add_argument(
        "--output", type=Path, default=HERE / "results" / "dedup_kernels.md", metavar="FILE"
    )
    return parser.parse_args()


def _write(documents: Sequence[texts.Document], path: Path) -> None:
    with path.open("w", encoding="utf-8") as out:
        for one in documents:
            print(json.dumps({"text": one.text, "lang": one.lang}), file=out)


def _report(
    documents: Sequence[texts.Document],
    found: Mapping[str, Any],
    left_out: Sequence[str],
    load: float,
) -> list[str]:
    mb = texts.mb(documents)
    ours = sum(found[OURS.format("default")]["seconds"].values())
    lines = [
        "# Texts to signatures and bands",
        "",
        "Made by `benchmarks/dedup_kernels.py`, all in one run: CPU seconds of one core, warm, the",
        "least of 7 runs (Corpusmill), 3 (datasketch, rensa) or 1 (datatrove). MiB: what the peak",
        "of the process grew by, texts and libraries aside. 112 hashes unless said otherwise.",
        "",
        f"- {datetime.now(UTC):%Y-%m-%d}",
        *(f"- {fact}" for fact in machine()),
        f"- 1-minute load average at the start: {load:.1f}",
        f"- Corpusmill {version('corpusmill')} (sources {code()['sources_sha256'][:12]}), Python "
        f"{platform.python_version()}, numba {version('numba')}, numpy {version('numpy')}; the "
        "others as pinned in `peers/signatures.txt` and `peers/datatrove.txt`",
        f"- {len(documents):,} documents, {mb:.2f} MB of UTF-8, SHA-256 "
        f"`{texts.checksum(documents)}`; left out, for datatrove cannot split them here: "
        f"{', '.join(left_out) or 'none'}",
        "",
        "| | MB/s a core | times Corpusmill's cost | MB/s without splitting the text | MiB |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, one in found.items():
        seconds = one["seconds"]
        whole = sum(seconds.values())
        signing = sum(v for k, v in seconds.items() if k in ("signatures", "bands"))
        lines.append(
            f"| {name}{_hashes(name)} | {mb / whole:,.1f} | {whole / ours:,.1f} "
            f"| {mb / signing:,.1f} | {one['mib']:,.0f} |"
        )
    for name, one in found.items():
        lines += ["", f"## {name}", "", "| part | MB/s | share |", "|---|---:|---:|"]
        whole = sum(one["seconds"].values())
        lines += [
            f"| {part} | {mb / spent:,.1f} | {spent / whole:.1%} |"
            for part, spent in one["seconds"].items()
            if spent
        ]
    return [
        *lines,
        "",
        "datasketch and rensa are given five words split at white space by Python, as their",
        "manuals do, rensa 500 documents a call; datatrove normalises the text and splits it by",
        "the language's tokeniser; Corpusmill finds words of any script from an Arrow buffer, 500",
        "documents a batch. The last but one column leaves that out. rensa and datatrove make no",
        "band keys here. CMinHash is of another kind: all its hashes come from two permutations.",
    ]


def _hashes(name: str) -> str:
    for preset in PRESETS:
        if name == OURS.format(preset.name):
            hashes = preset.bands * preset.rows
            return f": {hashes} hashes, {preset.shingling.length} {preset.shingling.unit}"
    return ""


if __name__ == "__main__":
    main()

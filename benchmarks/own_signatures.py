"""CPU seconds and memory of Corpusmill's kernels from Arrow strings to bands."""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from dedup.bands import PRESETS, Preset, band_hashes
from dedup.minhash import signatures
from dedup.shingling import shingles_of
from language_id.decoded import decoded
from language_id.words import token_hashes, tokenize
from pipeline.steps import utf8

BATCH = 500
DECODE, WORDS, HASHES = "UTF-8 to code points", "words", "hashes of words"
SHINGLES, SIGNATURES, BANDS = "shingles", "signatures", "bands"


def run(batches: Sequence[pa.Array], preset: Preset) -> dict[str, float]:
    spent: dict[str, float] = defaultdict(float)
    at = time.process_time()

    def mark(part: str) -> None:
        nonlocal at
        now = time.process_time()
        spent[part] += now - at
        at = now

    for texts in batches:
        characters = decoded(*utf8(texts))
        mark(DECODE)
        tokens = tokenize(characters)
        mark(WORDS)
        lower = token_hashes(characters, tokens).lower
        mark(HASHES)
        shingles, offsets = shingles_of(characters, tokens, lower, preset.shingling)
        mark(SHINGLES)
        signed = signatures(shingles, offsets, preset.bands * preset.rows)
        mark(SIGNATURES)
        band_hashes(signed, preset.bands)
        mark(BANDS)
    return dict(spent)


def memory_mib(name: str) -> float:
    """Of this process: what it holds (VmRSS), or the most it held (VmHWM)."""
    lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--preset", default="default")
    arguments = parser.parse_args()
    (preset,) = (one for one in PRESETS if one.name == arguments.preset)
    lines = arguments.input.read_text("utf-8").splitlines()
    every = [json.loads(line)["text"] for line in lines]
    batches = [pa.array(every[at : at + BATCH]) for at in range(0, len(every), BATCH)]
    run([batches[0].slice(0, 5)], preset)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = memory_mib("VmRSS")
    runs = [run(batches, preset) for _ in range(arguments.repeat)]
    found = {
        "seconds": min(runs, key=lambda spent: sum(spent.values())),
        "mib": memory_mib("VmHWM") - before,
    }
    arguments.output.write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    main()

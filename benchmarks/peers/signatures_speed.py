"""CPU seconds and memory of datasketch and rensa from texts to signatures and band keys.

Runs in their environment. Input: a JSON lines file with ``text``; output: one JSON object, by
contestant the CPU seconds by part, the least of ``--repeat`` runs, and MiB of memory.

Neither library splits text: shingles are what their manuals do, five words at white space, in lower
case. rensa gets 500 documents in one call of its bulk interface, one thread.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ["RAYON_NUM_THREADS"] = "1"
import rensa
import xxhash
from datasketch import MinHash

HASHES, BANDS, ROWS, WORDS = 112, 14, 8, 5
BATCH = 500
SHINGLES, SIGNATURES, KEYS = "text to shingles", "signatures", "bands"


def shingles(text: str) -> list[str]:
    words = text.lower().split()
    return [" ".join(words[i : i + WORDS]) for i in range(max(len(words) - WORDS + 1, 1))]


def datasketch(hashfunc=None):
    options = {"hashfunc": hashfunc} if hashfunc else {}

    def run(texts: list[str]) -> dict[str, float]:
        spent = dict.fromkeys((SHINGLES, SIGNATURES, KEYS), 0.0)
        for text in texts:
            start = time.process_time()
            own = [one.encode() for one in shingles(text)]
            made = time.process_time()
            signature = MinHash(num_perm=HASHES, **options)
            signature.update_batch(own)
            signed = time.process_time()
            values = signature.hashvalues
            for band in range(BANDS):
                bytes(values[band * ROWS : (band + 1) * ROWS].byteswap().data)
            spent[SHINGLES] += made - start
            spent[SIGNATURES] += signed - made
            spent[KEYS] += time.process_time() - signed
        return spent

    return run


def bulk(sign):
    def run(texts: list[str]) -> dict[str, float]:
        spent = dict.fromkeys((SHINGLES, SIGNATURES), 0.0)
        for at in range(0, len(texts), BATCH):
            start = time.process_time()
            every = [shingles(text) for text in texts[at : at + BATCH]]
            made = time.process_time()
            sign(every, HASHES, 42)
            spent[SHINGLES] += made - start
            spent[SIGNATURES] += time.process_time() - made
        return spent

    return run


CONTESTANTS = {
    "datasketch": datasketch(),
    "datasketch, xxhash": datasketch(xxhash.xxh32_intdigest),
    "rensa, RMinHash": bulk(rensa.RMinHash.digest_matrix_from_token_sets),
    "rensa, CMinHash": bulk(rensa.CMinHash.digests_from_token_sets),
}


def memory_mib(name: str) -> float:
    """Of this process: what it holds (VmRSS), or the most it held (VmHWM)."""
    lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", choices=CONTESTANTS, help="for memory: a process for each")
    arguments = parser.parse_args()
    lines = arguments.input.read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    run = CONTESTANTS[arguments.only or sys.exit("--only says which")]
    run(texts[:5])
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = memory_mib("VmRSS")
    runs = [run(texts) for _ in range(arguments.repeat)]
    found = {
        "seconds": min(runs, key=lambda spent: sum(spent.values())),
        "mib": memory_mib("VmHWM") - before,
    }
    arguments.output.write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    main()

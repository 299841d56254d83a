"""CPU seconds and memory of datatrove's signature step on the documents of a JSON lines file.

Runs in datatrove's environment. A line has ``text`` and ``lang``; the output is one JSON object:
CPU seconds by part, the least of ``--repeat`` runs, MiB of memory, and the languages left out, as
datatrove cannot split them here. Each document is normalised and split by its language's tokeniser,
as ``MinhashDedupSignature`` does it; nothing is written.
"""

import argparse
import json
import logging
import tempfile
import time
import warnings
from pathlib import Path

from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.utils.hashing import HashConfig


def memory_mib(name: str) -> float:
    """Of this process: what it holds (VmRSS), or the most it held (VmHWM)."""
    lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def run(documents: list[dict], signers: dict) -> dict[str, float]:
    spent = {"text to shingles": 0.0, "signatures": 0.0}
    for document in documents:
        signer = signers[document["lang"]]
        start = time.process_time()
        shingles = signer.get_shingles(document["text"])
        made = time.process_time()
        if shingles.size:
            signer.get_signature(shingles)
        spent["text to shingles"] += made - start
        spent["signatures"] += time.process_time() - made
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--repeat", type=int, default=1)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable()
    documents = [json.loads(line) for line in arguments.input.read_text("utf-8").splitlines()]
    config = MinhashConfig(hash_config=HashConfig(precision=64))
    signers, left_out = {}, []
    with tempfile.TemporaryDirectory() as folder:
        for lang in sorted({one["lang"] for one in documents}):
            try:
                signer = MinhashDedupSignature(folder, config, language=lang)
                first = next(one["text"] for one in documents if one["lang"] == lang)
                signer.get_signature(signer.get_shingles(first))
                signers[lang] = signer
            except Exception:  # whatever a tokeniser raises: the language is told
                left_out.append(lang)
        documents = [one for one in documents if one["lang"] in signers]
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        before = memory_mib("VmRSS")
        runs = [run(documents, signers) for _ in range(arguments.repeat)]
    found = {
        "seconds": min(runs, key=lambda spent: sum(spent.values())),
        "mib": memory_mib("VmHWM") - before,
        "left_out": left_out,
    }
    arguments.output.write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    main()

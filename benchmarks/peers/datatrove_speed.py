"""CPU seconds of datatrove's filters and MinHash signature on the documents of a JSON lines file.

Runs in datatrove's environment. A line has ``text`` and ``lang``; the output is one JSON object:
CPU seconds by part, summed over the documents, the least of ``--repeat`` runs. Warm: every
language's tokeniser has been loaded, and has split a text, before the clock starts.

The parts run on a document one after another, as in a pipeline, so that the words one filter split
are there for the next (datatrove remembers the last five texts); the signature splits its own,
normalised text. No filter stops the next: what a filter costs is the price of measuring all rules.
"""

import argparse
import json
import logging
import tempfile
import time
import warnings
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.utils.hashing import HashConfig
from datatrove.utils.text import split_into_parts, split_into_sentences, split_into_words

OFF = 1e9
MEASURING = {
    # bounds that nothing fails, so that every rule is computed
    "Gopher repetition": lambda lang: GopherRepetitionFilter(
        dup_line_frac=OFF, dup_para_frac=OFF, dup_line_char_frac=OFF, dup_para_char_frac=OFF,
        top_n_grams=tuple((n, OFF) for n in (2, 3, 4)),
        dup_n_grams=tuple((n, OFF) for n in (5, 6, 7, 8, 9, 10)), language=lang,
    ),
    "Gopher quality": lambda lang: GopherQualityFilter(
        min_doc_words=-1, max_doc_words=OFF, min_avg_word_length=-1, max_avg_word_length=OFF,
        max_symbol_word_ratio=OFF, max_bullet_lines_ratio=OFF, max_ellipsis_lines_ratio=OFF,
        max_non_alpha_words_ratio=-1, min_stop_words=-1, language=lang,
    ),
    "C4": lambda lang: C4QualityFilter(
        filter_no_terminal_punct=False, min_num_sentences=0, language=lang
    ),
    "FineWeb": lambda lang: FineWebQualityFilter(
        line_punct_thr=-1, short_line_thr=OFF, char_duplicates_ratio=OFF, new_line_ratio=OFF,
        language=lang,
    ),
}  # fmt: skip
STOPPING = {
    # as FineWeb runs them: a filter ends at the first rule that fails
    "Gopher repetition": lambda lang: GopherRepetitionFilter(language=lang),
    "Gopher quality": lambda lang: GopherQualityFilter(language=lang),
    "C4": lambda lang: C4QualityFilter(filter_no_terminal_punct=False, language=lang),
    "FineWeb": lambda lang: FineWebQualityFilter(language=lang),
}
WORDS, SIGNATURE = "words", "MinHash, 112 hashes"


def signer(lang: str, folder: str) -> MinhashDedupSignature:
    config = MinhashConfig(hash_config=HashConfig(precision=64))
    return MinhashDedupSignature(folder, config, language=lang)


def run(documents: list[dict], parts: dict, signers: dict) -> dict[str, float]:
    """CPU seconds by part."""
    spent: dict[str, float] = defaultdict(float)
    split_into_parts.cache_clear()
    for document in documents:
        text, lang = document["text"], document["lang"]
        at = time.process_time()
        split_into_words(text, lang)
        spent[WORDS] += time.process_time() - at
        for name, filters in parts.items():
            page = Document(text=text, id="0")
            at = time.process_time()
            with suppress(ZeroDivisionError):  # a text without words
                filters[lang].filter(page)
            spent[name] += time.process_time() - at
        at = time.process_time()
        shingles = signers[lang].get_shingles(text)
        if shingles.size:
            signers[lang].get_signature(shingles)
        spent[SIGNATURE] += time.process_time() - at
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--repeat", type=int, default=2)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable()
    documents = [json.loads(line) for line in arguments.input.read_text("utf-8").splitlines()]
    usable: dict[str, str | None] = {}
    for document in documents:
        lang = document["lang"]
        if lang not in usable:
            try:
                split_into_words(document["text"][:2000], lang)
                split_into_sentences("a b.", lang)
                usable[lang] = None
            except Exception as error:  # whatever a tokeniser raises: it is told
                usable[lang] = type(error).__name__
    documents = [one for one in documents if usable[one["lang"]] is None]
    langs = sorted({one["lang"] for one in documents})
    found: dict[str, object] = {
        "documents": len(documents),
        "bytes": sum(len(one["text"].encode()) for one in documents),
        "left_out": sorted(lang for lang, why in usable.items() if why),
    }
    with tempfile.TemporaryDirectory() as folder:
        signers = {lang: signer(lang, folder) for lang in langs}
        for mode, made in (("measuring", MEASURING), ("stopping", STOPPING)):
            parts = {name: {lang: make(lang) for lang in langs} for name, make in made.items()}
            runs = [run(documents, parts, signers) for _ in range(arguments.repeat)]
            found[mode] = min(runs, key=lambda spent: sum(spent.values()))
    arguments.output.write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    main()

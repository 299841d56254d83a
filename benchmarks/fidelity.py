"""Corpusmill and datatrove on the same documents: document by document, rule by rule."""

import argparse
import hashlib
import json
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import explained
import numpy as np
import peer
import texts
from fidelity_report import document as report
from fidelity_report import guide
from texts import ROOT, Document

from filters.rules import UNSPACED, judge
from filters.signals import measure
from filters.tables import RULES, TABLES
from filters.word_lists import builtin, merged
from language_id.decoded import Characters, characters_of
from language_id.pieces import Pieces, pieces_of
from language_id.words import Tokens, token_hashes, tokenize

HERE = Path(__file__).resolve().parent
COMPARED = ("gopher_quality", "gopher_repetition", "c4", "c4_original", "fineweb", "fineweb2")
CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")  # what datatrove cuts from a line
BATCH = 200


class Ours(NamedTuple):
    failed: list[str]
    values: dict[str, float]
    """By signal."""


class Compared(NamedTuple):
    """What the two say of a rule: documents by (segmentation, set, spaced or not, outcome)."""

    outcomes: Counter[tuple[str, str, bool, str]]
    settled: Counter[str]
    """Documents by set on which they differ, each with its own words, for a cause that is told."""
    causes: Counter[tuple[str, str]]
    """By (segmentation, cause), over the documents on which they differ."""
    differences: list[float]
    """Of the values, where the words are the same, sorted."""
    examples: dict[str, list[str]]
    """Ids of documents by cause, where the words are the same."""


def main() -> None:
    arguments = _arguments()
    interpreter = peer.python(arguments.peer_python)
    documents = texts.read(arguments.documents)
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "documents.jsonl"
        ours = _measure(documents, given)
        theirs = _read(interpreter, given, arguments.readings or Path(folder) / "readings.jsonl")
    rules = _compare(documents, ours, theirs)
    errors = Counter(
        (document.lang, reading["own"]["error"])
        for document, reading in zip(documents, theirs, strict=True)
        if "error" in reading["own"]
    )
    lines = report(documents, rules, errors)
    arguments.output.write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(lines))
    if arguments.guide:
        arguments.guide.write_text("\n".join(guide(rules)) + "\n", "utf-8")
    unexplained = sum(rule.causes["given", explained.UNEXPLAINED] for rule in rules.values())
    if unexplained:
        sys.exit(f"{unexplained} decisions differ on the same words and nothing explains it")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--documents", type=Path, metavar="PARQUET",
        help="file or folder with doc_id, lang, text, warc_file, such as the documents/ of a run "
        "(default: extract ../shared/data, some minutes)",
    )  # fmt: skip
    parser.add_argument(
        "--peer-python", type=Path, metavar="PATH",
        help="Python of an environment with peers/datatrove.txt (default: one is made)",
    )  # fmt: skip
    parser.add_argument(
        "--readings", type=Path, metavar="FILE",
        help="keep datatrove's readings there; a later run asks only for those it lacks",
    )  # fmt: skip
    parser.add_argument(
        "--output", type=Path, default=HERE / "results" / "fidelity.md", metavar="FILE"
    )
    parser.add_argument(
        "--guide", type=Path, metavar="FILE", help="also write the explanations, for docs/"
    )
    return parser.parse_args()


def _read(interpreter: Path, given: Path, kept: Path) -> list[dict[str, Any]]:
    """datatrove's readings of the documents, in their order; those not yet kept are made."""
    rows = given.read_text("utf-8").splitlines(keepends=True)
    names = [hashlib.sha256(row.encode()).hexdigest() for row in rows]
    found = _kept(kept)
    missing = {name: row for name, row in zip(names, rows, strict=True) if name not in found}
    if missing:
        given.write_text("".join(missing.values()), "utf-8")
        more = kept.with_suffix(".new")
        published = ROOT / "filters" / "data"
        peer.run(interpreter, "datatrove_rules.py", given, more, "--published", published)
        with kept.open("a", encoding="utf-8") as out:
            out.write(more.read_text("utf-8"))
        more.unlink()
        found = _kept(kept)
    return [found[name] for name in names]


def _kept(path: Path) -> dict[str, dict[str, Any]]:
    """Readings by the SHA-256 of what was read."""
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    return {reading["row"]: reading for reading in map(json.loads, lines)}


def _measure(documents: Sequence[Document], given: Path) -> list[Ours]:
    """Corpusmill's signals and rules; what datatrove is to be given goes to a file."""
    rules = list({rule.name: rule for name in COMPARED for rule in TABLES[name]}.values())
    ours: list[Ours] = []
    with given.open("w", encoding="utf-8") as out:
        for start in range(0, len(documents), BATCH):
            batch = documents[start : start + BATCH]
            langs = [document.lang for document in batch]
            columns, words, tokens = _signals([document.text for document in batch], langs)
            failed = judge(rules, columns, langs).failed
            for number, document in enumerate(batch):
                values = {name: float(column[number]) for name, column in columns.items()}
                ours.append(Ours(failed[number], values))
                row = {"doc_id": document.doc_id, "lang": document.lang, "text": document.text}
                row["words"], row["tokens"] = words[number], tokens[number]
                row["sentences"] = _sentences(document.text)
                row["rejected"] = failed[number]
                print(json.dumps(row), file=out)
    return ours


def _signals(
    every: Sequence[str], langs: Sequence[str]
) -> tuple[Mapping[str, Any], list[list[str]], list[list[str]]]:
    """Every signal of each text, its words as the rules count them, and its tokens."""
    characters = characters_of(every)
    tokens = tokenize(characters)
    hashes = token_hashes(characters, tokens)
    own_language = np.ones(len(langs))
    columns = measure(characters, tokens, hashes, langs, merged(builtin()), own_language)
    pieces = pieces_of(characters, tokens, hashes, langs)
    return columns, _strings(characters, pieces), _strings(characters, tokens)


def _strings(characters: Characters, tokens: Tokens | Pieces) -> list[list[str]]:
    decoded = characters.codes.astype("<u4").tobytes().decode("utf-32-le")
    spans = [
        decoded[start:end]
        for start, end in zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True)
    ]
    return [spans[a:z] for a, z in pairwise(tokens.doc_offsets.tolist())]


def _sentences(text: str) -> dict[str, int]:
    """Corpusmill's count for every line that datatrove may ask for."""
    lines = [line.strip() for line in text.splitlines()]
    lines = list(dict.fromkeys(CITATION.sub("", line).strip() for line in lines))
    columns, _, _ = _signals(lines, ["eng_Latn"] * len(lines))
    return dict(zip(lines, columns["c4_sentence_count"].tolist(), strict=True))


def _compare(
    documents: Sequence[Document], ours: Sequence[Ours], theirs: Sequence[Mapping[str, Any]]
) -> dict[str, Compared]:
    rules: dict[str, Compared] = {
        rule.name: Compared(Counter(), Counter(), Counter(), [], defaultdict(list))
        for name in COMPARED
        for rule in TABLES[name]
    }
    for document, mine, reading in zip(documents, ours, theirs, strict=True):
        spaced = document.lang.rpartition("_")[2] not in UNSPACED
        given = reading["given"]
        for mode in ("given", "own"):
            dropped = reading[mode].get("dropped", {})
            for rule, drops in dropped.items():
                same = bool(drops) == (rule in mine.failed)
                outcome = "same" if same else "theirs" if drops else "ours"
                rules[rule].outcomes[mode, document.set, spaced, outcome] += 1
                if same:
                    continue
                cause = _cause(rule, mode, reading, document, rule in mine.failed)
                rules[rule].causes[mode, cause] += 1
                if mode == "own":
                    told = explained.cause(rule, cause) is not None
                    rules[rule].settled[document.set] += told
                else:
                    rules[rule].examples[cause].append(document.doc_id)
        for rule, difference in _differences(given["values"], mine):
            rules[rule].differences.append(difference)
    for rule in rules.values():
        rule.differences.sort()
    return rules


def _cause(
    rule: str, mode: str, reading: Mapping[str, Any], document: Document, rejected: bool
) -> str:
    """Why Corpusmill's decision is another one: the first known difference that turns theirs.

    Where each has its own words and the decisions would be the same on the same words, it is the
    segmentation, unless a known difference turns the decision that datatrove takes by its words.
    """
    given = reading["given"]
    segmented = mode == "own" and bool(given["dropped"].get(rule)) == rejected
    bounded = RULES[rule]
    if rule.endswith("mean_word_chars") and not rejected:
        script = document.lang.rpartition("_")[2]
        if script in UNSPACED and isinstance(bounded.low, Mapping):
            return explained.UNASKED
    variants = reading["own" if segmented else "given"]["variants"]
    for name, drops in variants.get(rule, {}).items():
        if bool(drops) == rejected:
            return name
    return explained.SEGMENTATION if segmented else explained.UNEXPLAINED


def _differences(theirs: Mapping[str, float], mine: Ours) -> Iterator[tuple[str, float]]:
    for rule, value in theirs.items():
        found = mine.values[RULES[rule].signal]
        yield rule, abs(float(np.float32(value)) - found) if value == value else 0.0  # NaN: 0 / 0


if __name__ == "__main__":
    main()

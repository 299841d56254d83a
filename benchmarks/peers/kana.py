"""Which kana begin a word, by SudachiPy: the tables of ``language_id/piece_kana.py``.

    benchmarks/.peers/datatrove/bin/python benchmarks/peers/kana.py DOCUMENTS.jsonl...

Reads the Japanese of documents (``lang`` and ``text``, one in a line), cuts it as datatrove does,
and counts for each two neighbours how often a word begins with the second. Those that begin one
more often than not are printed as the module has them; its tables are of all Japanese documents
that ``benchmarks/fidelity.py`` compares.
"""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from datatrove.utils.text import split_into_words

LANG = "jpn_Jpan"
ENDS = "ードトルスクグ"
"""Loanwords end in these. Behind them a katakana that was never seen there begins a word."""
BEGINS_NONE = "ァィゥェォッャュョヮヵヶンー・"
KATAKANA_WORD = 3
"""As ``language_id/piece_unspaced.py`` has it."""
KATAKANA = [chr(code) for code in range(0x30A1, 0x30FB)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("documents", nargs="+", type=Path, metavar="DOCUMENTS.jsonl")
    balance = counted(_texts(parser.parse_args().documents))
    for end in ENDS:
        for second in set(KATAKANA) - set(BEGINS_NONE):
            balance.setdefault((end, second), 1)
    after: dict[str, list[str]] = defaultdict(list)
    for (first, second), more in sorted(balance.items()):
        if more > 0:
            after[first].append(second)
    print(f'AFTER_KANJI: Final = "{"".join(after.pop("", []))}"')
    _print("AFTER_HIRAGANA", {first: after[first] for first in after if _is_hiragana(first)})
    _print("AFTER_KATAKANA", {first: after[first] for first in after if _is_katakana(first)})


def _print(name: str, after: Mapping[str, list[str]]) -> None:
    print(f"{name}: Final = {{")
    for first, seconds in after.items():
        print(f'    "{first}": "{"".join(seconds)}",')
    print("}")


def _texts(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        with path.open(encoding="utf-8") as rows:
            for row in map(json.loads, rows):
                if row["lang"] == LANG:
                    yield row["text"]


def counted(texts: Iterable[str]) -> dict[tuple[str, str], int]:
    """Of two neighbours: how much more often a word begins with the second than not.

    The first is empty for any kanji.
    """
    balance: Counter[tuple[str, str]] = Counter()
    for text in texts:
        starts, inside = _places(text, split_into_words(text, LANG))
        for at in inside:
            first, second = text[at - 1], text[at]
            if _is_hiragana(second) and _is_kanji(first):
                first = ""
            elif _is_katakana(second) and _is_katakana(first):
                if not _within(text, at, starts):
                    continue
            elif not (_is_hiragana(second) and _is_hiragana(first)):
                continue
            balance[first, second] += 1 if at in starts else -1
    return dict(balance)


def _within(text: str, at: int, starts: set[int]) -> bool:
    """Whether as many katakana of a word stand before a place, and any behind, as a cut asks for."""
    before = 1
    while at - before > 0 and at - before not in starts and _is_katakana(text[at - before - 1]):
        before += 1
    behind = text[at : at + KATAKANA_WORD]
    return before >= KATAKANA_WORD <= len(behind) and all(map(_is_katakana, behind))


def _places(text: str, words: Iterable[str]) -> tuple[set[int], list[int]]:
    """Where words start, and which places have a word's character on both sides."""
    starts: set[int] = set()
    covered: set[int] = set()
    at = 0
    for word in words:
        found = text.find(word, at)
        if found >= 0:
            at = found + len(word)
            starts.add(found)
            covered.update(range(found, at))
    return starts, sorted(place for place in covered if place - 1 in covered)


def _is_hiragana(character: str) -> bool:
    return "\u3041" <= character <= "\u309f"


def _is_katakana(character: str) -> bool:
    return "\u30a1" <= character <= "\u30fc"


def _is_kanji(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff" or character in "々〆"


if __name__ == "__main__":
    main()

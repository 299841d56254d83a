"""The script a text is written in."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from language_id.characters import Run, runs, table
from language_id.decoded import Characters
from language_id.inner import inner

UNDETERMINED = "Zyyy"
JAPANESE = "Jpan"
KANA_SHARE = 20
"""Text of Han and kana is Japanese where at least one letter in so many is kana: Chinese borrows
の as an ornament, but a Japanese text without kana is a list of names."""


@cache
def script_codes() -> tuple[str, ...]:
    """Return the ISO 15924 codes a letter can have; place 0 stands for all other characters."""
    letters = {run.script for run in runs() if run.category[0] == "L"}
    return (UNDETERMINED, *sorted(letters - {"Zyyy", "Zinh", "Zzzz"}))


@cache
def _script_table() -> NDArray[np.uint8]:
    places = {code: place for place, code in enumerate(script_codes())}

    def place_of(run: Run) -> int:
        return places.get(run.script, 0) if run.category[0] == "L" else 0

    return table(place_of)


@inner
def _count(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    scripts: NDArray[np.uint8],
    counts: NDArray[np.int64],
) -> None:
    for document in range(len(offsets) - 1):
        for at in range(offsets[document], offsets[document + 1]):
            counts[document, scripts[codes[np.uintp(at)]]] += 1


def letter_counts(characters: Characters) -> NDArray[np.int64]:
    """Count the letters of each script, shape (documents, len(``script_codes()``)).

    Column 0 counts every character that is no letter or a letter of no script.
    """
    counts = np.zeros((len(characters.offsets) - 1, len(script_codes())), dtype=np.int64)
    _count(*characters, _script_table(), counts)
    return counts


def dominant_scripts(characters: Characters) -> list[str]:
    """Return the ISO 15924 code with most letters in each document, "Zyyy" without letters.

    Han and kana count together, as Jpan where there is kana enough and Hani where not, also for
    kana alone. Of two scripts with as many letters the first by code is taken.
    """
    codes = script_codes()
    counts = letter_counts(characters)
    counts[:, 0] = 0
    han, hiragana, katakana = (codes.index(code) for code in ("Hani", "Hira", "Kana"))
    kana = counts[:, hiragana] + counts[:, katakana]
    counts[:, han] += kana
    counts[:, [hiragana, katakana]] = 0
    japanese = (kana > 0) & (kana * KANA_SHARE >= counts[:, han])
    most = counts.argmax(axis=1)
    return [
        JAPANESE if place == han and is_japanese else codes[place]
        for place, is_japanese in zip(most, japanese, strict=True)
    ]

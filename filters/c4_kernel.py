"""What C4 (Raffel et al. 2020, arXiv:1910.10683, section 2.2) asks of lines, counted, not edited.

A line is a non-blank piece between newlines. The line rules apply in the order of the constants; a
line counts for the first that drops it. The mark at the end is asked last, because FineWeb does not
ask it. Where this differs from the code of the field:

- Words are pieces between white space, but a letter of a script written without spaces is a word of
  its own, else every Chinese line is one long word.
- Terminal marks are those of every script (``filters.flags.TERMINAL``), space after a citation mark
  does not hide them, and "…" is an ellipsis like "...".
- Letter case is ignored for ASCII only, in which all phrases are.
- Sentences: a mark of Sentence_Terminal, then closing quotes or brackets, then space; none ends at
  a full stop before a lower-case letter; Chinese and Japanese marks need no space. A piece without
  letter or number is no sentence.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.flags import BLANK, CLOSER, LOWER, SENTENCE, SINGLE, SPOKEN, TERMINAL, WIDE
from filters.line_kernel import next_newline
from filters.spans import strip
from language_id.words import decode

LONG_WORD, FEW_WORDS, JAVASCRIPT, POLICY, NO_TERMINAL, KEPT = 0, 1, 2, 3, 4, 5
MAX_WORD_CHARS = 1000
MIN_LINE_WORDS = 3

PHRASES = (
    (JAVASCRIPT, "javascript"),
    (POLICY, "terms of use"),
    (POLICY, "privacy policy"),
    (POLICY, "cookie policy"),
    (POLICY, "uses cookies"),
    (POLICY, "use of cookies"),
    (POLICY, "use cookies"),
)
LOREM_IPSUM = 6
CURLY_BRACKET = 7
NOTES = ("[edit]", "[citation needed]")

OPEN_BRACKET, CLOSE_BRACKET, CURLY = 0x5B, 0x5D, 0x7B
DOT, ELLIPSIS, DIGIT_0, DIGIT_9 = 0x2E, 0x2026, 0x30, 0x39
UPPER_A, UPPER_Z, TO_LOWER = 0x41, 0x5A, 0x20
ABBREVIATING, ENDING, ENDING_WIDE = 1, 2, 3


def _packed(phrases: list[tuple[int, str]]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return phrases as bytes, a row each, padded with 0; and (meaning, length) of each."""
    rows = np.zeros((len(phrases), max(len(text) for _, text in phrases)), dtype=np.uint8)
    for row, (_, text) in zip(rows, phrases, strict=True):
        row[: len(text)] = np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    return rows, np.array([(meaning, len(text)) for meaning, text in phrases], dtype=np.int64)


def _beginnings(phrases: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bit p of row i and column b: byte b may be byte i of phrase p, letter case ignored."""
    likely = np.zeros((3, 256), dtype=np.uint8)
    for bit, phrase in enumerate(phrases):
        for row, byte in zip(likely, phrase, strict=False):
            row[[byte, ord(chr(byte).upper())]] |= 1 << bit
    return likely


PHRASE_BYTES, PHRASE_KINDS = _packed([*PHRASES, (LOREM_IPSUM, "lorem ipsum")])
NOTE_BYTES, NOTE_KINDS = _packed([(0, note) for note in NOTES])
BEGINNINGS = _beginnings(PHRASE_BYTES)


@njit(cache=True)
def _lowered(byte: int) -> int:
    return byte | TO_LOWER if byte >= UPPER_A and byte <= UPPER_Z else byte


@njit(cache=True)
def _stands_at(
    data: NDArray[np.uint8], at: int, end: int, phrase: NDArray[np.uint8], length: int
) -> bool:
    if at + length > end:
        return False
    for place in range(length):  # noqa: SIM110 - numba knows no generator
        if _lowered(data[at + place]) != phrase[place]:
            return False
    return True


@njit(cache=True)
def _phrases(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Return one bit for each kind of phrase that occurs."""
    found = 0
    for place in range(at, end):
        found |= (data[np.uintp(place)] == CURLY) << CURLY_BRACKET
    for place in range(at, end - 2):
        likely = BEGINNINGS[0, data[np.uintp(place)]] & BEGINNINGS[1, data[np.uintp(place + 1)]]
        likely &= BEGINNINGS[2, data[np.uintp(place + 2)]]
        if likely:
            for row in range(len(PHRASE_KINDS)):
                if _stands_at(data, place, end, PHRASE_BYTES[row], PHRASE_KINDS[row, 1]):
                    found |= 1 << PHRASE_KINDS[row, 0]
    return found


@njit(cache=True)
def _few_words(data: NDArray[np.uint8], at: int, end: int, flags: NDArray[np.uint8]) -> bool:
    """Tell whether the line has fewer words than a line needs; stops at the last it needs."""
    words, inside = 0, False
    while at < end and words < MIN_LINE_WORDS:
        code, at = decode(data, at, end)
        if flags[np.uintp(code)] & (BLANK | SINGLE):
            words += (flags[np.uintp(code)] & SINGLE) != 0
            inside = False
            continue
        words += not inside
        inside = True
    return words < MIN_LINE_WORDS


@njit(cache=True)
def _has_long_word(data: NDArray[np.uint8], at: int, end: int, flags: NDArray[np.uint8]) -> bool:
    chars = 0
    if end - at <= MAX_WORD_CHARS:  # as most lines
        return False
    while at < end and chars <= MAX_WORD_CHARS:
        code, at = decode(data, at, end)
        chars = 0 if flags[np.uintp(code)] & (BLANK | SINGLE) else chars + 1
    return chars > MAX_WORD_CHARS


@njit(cache=True)
def _after_citation(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Return where the citation mark at ``at`` ends; ``at`` where there is none."""
    stop = at + 1
    while stop < end and data[stop] >= DIGIT_0 and data[stop] <= DIGIT_9:
        stop += 1
    if stop < end and data[stop] == CLOSE_BRACKET:
        return stop + 1
    for row in range(len(NOTE_KINDS)):
        length = NOTE_KINDS[row, 1]
        matches = at + length <= end
        for place in range(length):
            matches = matches and data[at + place] == NOTE_BYTES[row, place]
        if matches:
            return at + int(length)
    return at


@njit(cache=True)
def _ending(code: int | np.int64, flag: int, pending: int) -> int:
    """Tell how a sentence may end at this Sentence_Terminal, after others that say ``pending``."""
    if flag & WIDE:
        return ENDING_WIDE
    ending = ABBREVIATING if code == DOT else ENDING
    return max(pending, ending)


@njit(cache=True)
def _sentences(
    data: NDArray[np.uint8], at: int, end: int, flags: NDArray[np.uint8]
) -> tuple[int, bool]:
    """Count the sentences of a line, and whether it ends in a terminal mark that is no ellipsis."""
    sentences, pending, dots, last = 0, 0, 0, np.int64(0)
    spoken, spaced = False, False
    while at < end:
        if data[at] == OPEN_BRACKET:
            after = _after_citation(data, at, end)
            if after != at:
                at = after
                continue
        code, at = decode(data, at, end)
        flag = flags[np.uintp(code)]
        if flag & BLANK:
            spaced = True
            continue
        if pending == 0 and not flag & (SENTENCE | CLOSER):  # as nearly every character
            spoken = spoken or (flag & SPOKEN) != 0
            last, dots, spaced = code, 0, False
            continue
        dots = (1 if spaced else dots + 1) if code == DOT else 0
        if pending != 0 and (spaced or pending == ENDING_WIDE):
            goes_on = flag & (SENTENCE | CLOSER) and not spaced
            if not goes_on and not (pending == ABBREVIATING and flag & LOWER):
                sentences += spoken
                spoken = False
            pending = pending if goes_on else 0
        if flag & SENTENCE:
            pending = _ending(code, flag, pending)
        elif not flag & CLOSER:
            pending = 0
        spoken = spoken or (flag & SPOKEN) != 0
        last, spaced = code, False
    terminal = (flags[last] & TERMINAL) != 0 and dots < 3 and last != ELLIPSIS
    return sentences + spoken, terminal


@njit(cache=True)
def _fate(data: NDArray[np.uint8], at: int, end: int, found: int, flags: NDArray[np.uint8]) -> int:
    """Return the first rule that drops the line, the one on its end aside; else KEPT."""
    if _has_long_word(data, at, end, flags):
        return LONG_WORD
    if _few_words(data, at, end, flags):
        return FEW_WORDS
    if found & (1 << JAVASCRIPT):
        return JAVASCRIPT
    return POLICY if found & (1 << POLICY) else KEPT


@njit(cache=True)
def measure_c4(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    flags: NDArray[np.uint8],
    out: NDArray[np.float64],
) -> None:
    """Write 9 columns, in the order of ``filters.signals.C4_SIGNALS``.

    They are: lines dropped for a long word, too few words, javascript, a policy phrase, no terminal
    mark; sentences in the lines left without and with the last of these; and whether the document
    holds lorem ipsum or a curly bracket.
    """
    for document in range(len(offsets) - 1):
        out[document] = 0
        at, end = offsets[document], offsets[document + 1]
        anywhere = _phrases(data, at, end)  # most documents hold none, and their lines neither
        out[document, 7] = (anywhere >> LOREM_IPSUM) & 1
        out[document, 8] = (anywhere >> CURLY_BRACKET) & 1
        while at < end:
            stop = next_newline(data, at, end)
            first, last = strip(data, at, stop, flags)
            at = stop + 1
            if first == last:
                continue
            found = _phrases(data, first, last) if anywhere else 0
            fate = _fate(data, first, last, found, flags)
            if fate != KEPT:
                out[document, fate] += 1
                continue
            sentences, terminal = _sentences(data, first, last, flags)
            out[document, NO_TERMINAL] += not terminal
            out[document, 5] += sentences
            out[document, 6] += sentences * terminal

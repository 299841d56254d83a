"""Every measurement the quality rules need, once per document, in linear time.

Characters are code points. Pieces are words and marks as the field's tokenisers cut them
(``language_id.pieces``), on which the published bounds were set; tokens are finer
(``language_id.words``). A value is always finite: a ratio without anything to divide by is 0.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filters.boilerplate import BOILERPLATE_SIGNALS, boilerplate_lists, measure_boilerplate
from filters.c4_kernel import measure_c4
from filters.character_kernel import CHARACTER_SIGNALS, measure_characters
from filters.flagged_kernel import count_flagged_words
from filters.flagged_rules import FLAGGED_SIGNALS
from filters.flags import FLAGS
from filters.line_kernel import measure_lines
from filters.lines import Lines, lines_of
from filters.madlad import cursed_lists
from filters.madlad_kernel import MADLAD_SIGNALS, measure_madlad
from filters.refinedweb import counter_lists
from filters.refinedweb_kernel import REFINEDWEB_SIGNALS, measure_refinedweb
from filters.repetition_kernel import measure_repetition
from filters.sentences import sentences_of
from filters.signal import Signal
from filters.stopwords import stop_lists
from filters.traits import TRAITS
from filters.vocabulary_kernel import measure_vocabulary
from filters.web_docs import WEB_DOCS_SIGNALS, measure_web_docs
from filters.word_kernel import all_caps_shares, measure_words
from filters.word_lists import WordLists
from language_id.decoded import Characters
from language_id.pieces import Pieces, pieces_of
from language_id.words import LOWER, Hashes, Tokens

WORD_SIGNALS = (
    Signal("char_count", "characters", "int32", "code points of the text"),
    Signal("lexical_token_count", "pieces", "int32", "words and punctuation marks"),
    Signal("word_count", "words", "int32", "pieces that are not punctuation or symbols alone"),
    Signal("mean_word_chars", "characters", "float32", "mean length of the words"),
    Signal("alphabetic_word_fraction", "fraction", "float32", "pieces that hold a letter"),
    Signal("hash_ratio", "per piece", "float32", "'#' characters"),
    Signal("ellipsis_ratio", "per piece", "float32", "'...' and '…'"),
    Signal("newline_word_ratio", "per piece", "float32", "newlines"),
    Signal(
        "all_caps_word_fraction",
        "fraction",
        "float32",
        "words, as tokens, with a capital letter and no small one",
    ),
)
VOCABULARY_SIGNALS = (
    Signal(
        "stop_word_count",
        "words",
        "int32",
        "distinct stop words of the document's language that occur; -1: it has no list",
    ),
    Signal("stop_word_fraction", "fraction", "float32", "tokens that are such stop words"),
    Signal("unique_word_fraction", "fraction", "float32", "distinct words, case aside, by words"),
    Signal("unigram_entropy", "nats", "float32", "entropy of the words' distribution, case aside"),
)
LINE_SIGNALS = (
    Signal("line_count", "lines", "int32", "lines that are not empty"),
    Signal("bullet_line_fraction", "fraction", "float32", "lines that start with '•' or '-'"),
    Signal("ellipsis_line_fraction", "fraction", "float32", "lines that end in '...' or '…'"),
    Signal("duplicate_line_fraction", "fraction", "float32", "lines that came before"),
    Signal("duplicate_paragraph_fraction", "fraction", "float32", "paragraphs that came before"),
    Signal(
        "duplicate_line_char_fraction",
        "fraction",
        "float32",
        "characters of the text in lines that came before",
    ),
    Signal(
        "duplicate_paragraph_char_fraction",
        "fraction",
        "float32",
        "characters of the text in paragraphs that came before",
    ),
    Signal(
        "line_punctuation_fraction",
        "fraction",
        "float32",
        "non-blank lines that end in a mark of Sentence_Terminal, '\"' or \"'\"",
    ),
    Signal(
        "short_line_fraction", "fraction", "float32", "non-blank lines of 30 characters or less"
    ),
    Signal(
        "duplicate_char_ratio",
        "ratio",
        "float32",
        "characters in non-blank lines that came before, by characters that are no newlines",
    ),
    Signal("mean_line_words", "words", "float32", "mean words of the non-blank lines"),
    Signal("mean_line_chars", "characters", "float32", "mean characters of the non-blank lines"),
)
REPETITION_SIGNALS = (
    *(
        Signal(
            f"top_{size}gram_char_fraction",
            "fraction",
            "float32",
            f"characters of the most frequent {size}-gram of pieces, joined by spaces, overlaps "
            "counted: may exceed 1",
        )
        for size in (2, 3, 4)
    ),
    *(
        Signal(
            f"duplicate_{size}gram_char_fraction",
            "fraction",
            "float32",
            f"characters in {size}-grams of pieces that came before, from left to right",
        )
        for size in (5, 6, 7, 8, 9, 10)
    ),
)
C4_SIGNALS = (
    Signal("c4_long_word_line_count", "lines", "int32", "lines with a word over 1000 characters"),
    Signal("c4_few_words_line_count", "lines", "int32", "of the rest, lines of under 3 words"),
    Signal("c4_javascript_line_count", "lines", "int32", "of the rest, lines with 'javascript'"),
    Signal("c4_policy_line_count", "lines", "int32", "of the rest, lines with a policy phrase"),
    Signal(
        "c4_no_terminal_line_count",
        "lines",
        "int32",
        "of the rest, lines without a terminal mark or with an ellipsis at their end",
    ),
    Signal(
        "c4_sentence_count",
        "sentences",
        "int32",
        "sentences in the lines that pass C4's rules but the one on terminal marks",
    ),
    Signal(
        "c4_terminal_sentence_count",
        "sentences",
        "int32",
        "sentences in the lines that pass all of C4's line rules",
    ),
    Signal("c4_lorem_ipsum", "0 or 1", "int32", "holds 'lorem ipsum'"),
    Signal("c4_curly_bracket", "0 or 1", "int32", "holds '{'"),
)
GROUPS: tuple[tuple[Signal, ...], ...] = (
    WORD_SIGNALS,
    VOCABULARY_SIGNALS,
    FLAGGED_SIGNALS,
    LINE_SIGNALS,
    REPETITION_SIGNALS,
    C4_SIGNALS,
    CHARACTER_SIGNALS,
    BOILERPLATE_SIGNALS,
    REFINEDWEB_SIGNALS,
    MADLAD_SIGNALS,
    WEB_DOCS_SIGNALS,
)
SIGNALS: tuple[Signal, ...] = tuple(signal for group in GROUPS for signal in group)


def measure(
    characters: Characters,
    tokens: Tokens,
    hashes: Hashes,
    langs: Sequence[str],
    flagged: WordLists,
    language_shares: NDArray[np.float64],
) -> dict[str, NDArray[Any]]:
    """Every signal of each document, in the order of ``SIGNALS``, shape (documents,) each.

    ``tokens``, ``hashes``: what ``tokenize`` and ``token_hashes`` found in ``characters``;
    ``langs``: a label per document, for its lists and tables; ``flagged``: lists of flagged words;
    ``language_shares``: which share of each document's longer lines is in its language, 0 to 1
    (``language_id.lines``). Time is linear in characters, memory in the batch.
    """
    columns, pieces = but_repetition(characters, tokens, hashes, langs, flagged, language_shares)
    columns |= repetition(pieces, columns["char_count"])
    return {signal.name: columns[signal.name] for signal in SIGNALS}


def but_repetition(
    characters: Characters,
    tokens: Tokens,
    hashes: Hashes,
    langs: Sequence[str],
    flagged: WordLists,
    language_shares: NDArray[np.float64],
) -> tuple[dict[str, NDArray[Any]], Pieces]:
    """All of ``measure`` but the last, ``repetition``, and the pieces that it needs.

    Both need much memory of a long text. Who lets go of the tokens and their hashes in between
    needs less at once; nothing else here outlives the kernels that ask for it.
    """
    documents = len(characters.offsets) - 1
    if not len(langs) == documents == len(tokens.doc_offsets) - 1 == len(language_shares):
        msg = (
            f"{len(langs)} labels, {documents} texts, {len(tokens.doc_offsets) - 1} token lists, "
            f"{len(language_shares)} shares"
        )
        raise ValueError(msg)
    out = {group: np.zeros((documents, len(group))) for group in GROUPS}
    lines = lines_of(characters)
    _measure_tokens(characters, tokens, hashes, langs, flagged, lines, out)
    pieces = _measure_pieces(characters, tokens, hashes, langs, out)
    _measure_lines(characters, lines, langs, out)
    out[WEB_DOCS_SIGNALS] = measure_web_docs(*characters, langs, language_shares, lines)
    del out[REPETITION_SIGNALS]
    return _columns(out), pieces


def repetition(pieces: Pieces, char_counts: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """The columns of ``REPETITION_SIGNALS``; ``char_counts``: characters of each document."""
    found = np.zeros((len(char_counts), len(REPETITION_SIGNALS)))
    measure_repetition(
        pieces.exact, pieces.starts, pieces.ends, pieces.doc_offsets,
        char_counts.astype(np.float64), found,
    )  # fmt: skip
    return _columns({REPETITION_SIGNALS: found})


_Columns = dict[tuple[Signal, ...], NDArray[np.float64]]


def _measure_tokens(
    characters: Characters,
    tokens: Tokens,
    hashes: Hashes,
    langs: Sequence[str],
    flagged: WordLists,
    lines: Lines,
    out: _Columns,
) -> None:
    """What is asked of tokens, and of sentences."""
    codes, offsets = characters
    lower, kinds, doc_offsets = hashes.lower, tokens.kinds, tokens.doc_offsets
    measure_vocabulary(lower, kinds, doc_offsets, *stop_lists(langs), out[VOCABULARY_SIGNALS])
    count_flagged_words(lower, kinds, doc_offsets, *flagged.of(langs), out[FLAGGED_SIGNALS])
    measure_boilerplate(
        codes, offsets, tokens.starts, lower, doc_offsets, lines.starts, lines.ends, lines.counts,
        lines.doc_offsets, *boilerplate_lists(langs), TRAITS, LOWER, out[BOILERPLATE_SIGNALS],
    )  # fmt: skip
    sentences = sentences_of(characters, lines)
    measure_c4(
        codes, offsets, lines.firsts, lines.lasts, lines.counts, lines.doc_offsets,
        sentences.line_counts, FLAGS, out[C4_SIGNALS],
    )  # fmt: skip
    measure_madlad(
        codes, sentences.starts, sentences.ends, sentences.counts, sentences.doc_offsets,
        tokens.starts, lower, doc_offsets, *cursed_lists(langs), FLAGS, TRAITS, LOWER,
        out[MADLAD_SIGNALS],
    )  # fmt: skip


def _measure_pieces(
    characters: Characters, tokens: Tokens, hashes: Hashes, langs: Sequence[str], out: _Columns
) -> Pieces:
    """What is asked of words but how they repeat; the pieces."""
    pieces = pieces_of(characters, tokens, hashes, langs)
    words = out[WORD_SIGNALS]
    measure_words(*characters, pieces.starts, pieces.ends, pieces.kinds, pieces.doc_offsets, words)
    words[:, -1] = all_caps_shares(characters.codes, tokens, hashes.exact, hashes.lower, FLAGS)
    return pieces


def _measure_lines(
    characters: Characters, lines: Lines, langs: Sequence[str], out: _Columns
) -> None:
    """What is asked of lines; the words are counted by then."""
    codes, offsets = characters
    words = out[WORD_SIGNALS]
    word_counts = words[:, 2].copy()
    starts, ends, firsts, lasts, hashes, counts, doc_offsets = lines
    measure_lines(
        codes, offsets, starts, ends, firsts, lasts, hashes, doc_offsets, word_counts, FLAGS,
        out[LINE_SIGNALS],
    )  # fmt: skip
    symbols = (words[:, 5] + words[:, 6]) * np.maximum(words[:, 1], 1)
    measure_characters(
        codes, offsets, starts, ends, counts, doc_offsets, symbols, word_counts, TRAITS,
        out[CHARACTER_SIGNALS],
    )  # fmt: skip
    measure_refinedweb(
        codes, starts, ends, counts, doc_offsets, *counter_lists(langs)[:4], TRAITS, LOWER,
        out[REFINEDWEB_SIGNALS],
    )  # fmt: skip


def _columns(groups: _Columns) -> dict[str, NDArray[Any]]:
    return {
        signal.name: column.astype(signal.dtype)
        for group, columns in groups.items()
        for signal, column in zip(group, columns.T, strict=True)
    }

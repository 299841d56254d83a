"""Why decisions differ where both sides have the same words, and what was decided.

A cause is the name of a variant in ``peers/datatrove_rules.py``: datatrove's filter with this one
thing mended decides as Corpusmill does. ``UNASKED`` and ``SEGMENTATION`` are found otherwise.
"""

from typing import NamedTuple

UNASKED = "unasked"
SEGMENTATION = "segmentation"
UNEXPLAINED = "unexplained"


class Cause(NamedTuple):
    theirs: str
    ours: str
    decision: str


CAUSES: dict[tuple[str, str], Cause] = {
    ("line_punctuation", "quotes"): Cause(
        "a line ends in punctuation only if its last character is a full stop, question or "
        "exclamation mark of some script; quotation marks are not in the list of datatrove 0.10",
        "quotation marks and the ellipsis count, and space behind them is no matter",
        "ours stays: the filter that made FineWeb counted `.` `'` `\"` `!` `?`, and its rule is a "
        "softer form of C4's, which asks for a full stop, question mark, exclamation mark or end "
        "quotation mark",
    ),
    ("bullet_lines", "blank lines"): Cause(
        "lines are `str.splitlines()`: blank lines count, and form feeds end a line",
        "lines are what stands between newlines, blank ones left out",
        "ours stays: blank lines between bullets do not make a list of links a text",
    ),
    ("ellipsis_lines", "blank lines"): Cause(
        "lines are `str.splitlines()`: blank lines count, and form feeds end a line",
        "lines are what stands between newlines, blank ones left out",
        "ours stays, for the same reason",
    ),
    ("word_count", "symbols"): Cause(
        "a word holds a character that is not in a list of some 300 marks; bullets, arrows and "
        "marks of scripts the list leaves out make words",
        "a word holds a letter, mark or number (Unicode categories)",
        "ours stays: the list is a part of what Unicode has",
    ),
    ("mean_word_chars", "symbols"): Cause(
        "a lone bullet, or an Ethiopic wordspace, is a word of one character; a text without any "
        "word has the mean NaN, which no bound rejects",
        "a word holds a letter, mark or number; without any, the mean is 0",
        "ours stays: a document without words is not kept because a comparison with NaN is false",
    ),
    ("mean_word_chars", UNASKED): Cause(
        "the bound of 3 characters is put to every language",
        "it is not put to scripts written without spaces, whose words are one or two characters",
        "ours stays: it is a bound for English, and drops every Chinese and Japanese page",
    ),
    ("stop_words", "case"): Cause(
        "the match is case-sensitive: `The` at the start of a sentence is no stop word",
        "both sides are lower-cased",
        "ours stays: titles and short texts lose stop words they have",
    ),
    ("stop_words", "case, several tokens"): Cause(
        "the match is of single words, case-sensitive",
        "both sides are lower-cased, and an entry of several tokens (any Thai or Tibetan word) "
        "matches these tokens in a row",
        "ours stays: else scripts without spaces have no stop words",
    ),
    ("lorem_ipsum", "whole page"): Cause(
        "asked only of lines that the line rules leave",
        "asked of the page",
        "ours stays: 'We removed any page where the phrase lorem ipsum appeared' (Raffel et al.)",
    ),
    ("curly_bracket", "whole page"): Cause(
        "asked only of lines that the line rules leave: a `{` in a line of two words is not seen",
        "asked of the page",
        "ours stays: 'we removed any pages that contained a curly bracket' (Raffel et al. 2020)",
    ),
    ("sentence_count", "white space"): Cause(
        "a line's words are pieces between white space: a Chinese line is one word, too few or too "
        "long",
        "a letter of a script written without spaces is a word here",
        "ours stays: else every line of these languages goes",
    ),
    ("terminal_sentence_count", "marks"): Cause(
        "a line ends in one of `.` `?` `!` `\"` `'`",
        "it ends in a full stop, question or exclamation mark of any script, or a quotation mark",
        "ours stays: `。`, `।`, `۔` and `”` end sentences; with five ASCII marks C4's rule drops "
        "every line of Chinese, Japanese, Hindi and Urdu",
    ),
    ("terminal_sentence_count", "citations"): Cause(
        "a citation mark is cut, the space before it stays and hides the full stop",
        "space there is skipped",
        "ours stays",
    ),
    ("terminal_sentence_count", "marks, citations"): Cause(
        "both of these", "both of these", "ours stays"
    ),
    ("terminal_sentence_count", "marks, white space"): Cause(
        "the same, and a line's words are pieces between white space",
        "the same, and a letter of a script written without spaces is a word",
        "ours stays",
    ),
}
CAUSES |= {
    (f"duplicate_{size}gram", "boundaries"): Cause(
        "the words of an n-gram are joined without a space: `a bc` and `ab c` are one",
        "they are told apart",
        "ours stays: where a segmenter cuts the same letters otherwise, other words are repeated",
    )
    for size in range(5, 11)
}


def cause(rule: str, name: str) -> Cause | None:
    return CAUSES.get((rule.partition(".")[2], name))

"""Languages of texts: a fastText model's answer, as canonical labels with scores."""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol
from unicodedata import category

from language_id.decoded import characters_of
from language_id.labels import UNKNOWN, canonical
from language_id.scripts import dominant_scripts

MAX_CHARS: Final = 5_000  # a language shows in less; time and memory are linear in it
# Below this a text has no label: lid.176 is right on 50 % of sentences in 75 languages cut to 10
# letters (64 % at 20, 74 % at 50, 78 % uncut), and calls an empty text English.
MIN_LETTERS: Final = 10
_CANDIDATES: Final = 8  # asked of the model, so that three remain when some are one language


class Identification(NamedTuple):
    """At most three canonical labels with their scores (0..1), best first."""

    labels: tuple[str, ...]
    scores: tuple[float, ...]


class Model(Protocol):
    """What is used of fastText."""

    def predict(self, text: str, k: int) -> tuple[Sequence[str], Sequence[float]]:
        """Return the ``k`` best labels of one line of text, and their scores."""
        ...


_UNIDENTIFIED: Final = Identification((UNKNOWN,), (0.0,))
# fastText splits words at these, and takes </s> for the end of the text and __label__ for labels;
# a text that begins with </s> gets the model's default answer.
_BREAKS: Final = (*"\t\n\v\f\r\0\x85\u2028\u2029", "</s>", "__label__")
_SPACES = re.compile(r"\s\s+")
_LETTER = re.compile(r"[^\W\d_]")


def plain(text: str) -> str:
    """Return the text as one line without fastText's own marks; what lid.176 and GlotLID read.

    Each mark becomes a space; fastText reads any number of them as one. Looked for one by one they
    cost a fifteenth of one regular expression, which on long texts took as long as the model.
    """
    for mark in _BREAKS:
        text = text.replace(mark, " ")
    return text


class _WordCharacters(dict[int, int | None]):
    r"""``str.translate`` table that drops what OpenLID calls ``[^\p{Word}\p{Zs}]|\d``."""

    def __missing__(self, code: int) -> int | None:
        kind = category(chr(code))
        joiner = code in (0x200C, 0x200D)  # \p{Join_Control} belongs to \p{Word}
        keep = kind[0] in "LM" or kind in ("Nl", "Pc", "Zs") or joiner
        self[code] = code if keep else None
        return self[code]


_WORD_CHARACTERS: Final = _WordCharacters()


def openlid(text: str) -> str:
    """Lower case, single spaces, no digits or punctuation: the cleaning of OpenLID's training text.

    After https://github.com/hplt-project/openlid, README, "Usage".
    """
    lowered = _SPACES.sub(" ", plain(text).strip().lower())
    return lowered.translate(_WORD_CHARACTERS)


_PREPROCESS: Final[Mapping[str, Callable[[str], str]]] = {
    "plain": plain,
    "glotlid": plain,
    "openlid": openlid,
}


class Identifier:
    """A loaded model with its preprocessing; made by :func:`language_id.models.load`."""

    def __init__(
        self,
        model: Model,
        preprocess: str,
        *,
        scripted: bool,
        overrides: Mapping[str, str],
    ) -> None:
        self._model = model
        self._preprocess = _PREPROCESS[preprocess]
        self._scripted = scripted
        self._overrides = dict(overrides)

    def identify(self, texts: Sequence[str]) -> list[Identification]:
        """Return the languages of each text, from its first 5,000 characters.

        Scores of labels that are one language are added. A text of fewer than 10 letters is
        ``und_Zyyy`` with score 0. Time is linear in the texts, at most about a millisecond each.
        """
        heads = [_head(text) for text in texts]
        scripts = [None] * len(heads) if self._scripted else _scripts(heads)
        return [self._one(head, script) for head, script in zip(heads, scripts, strict=True)]

    def choices(self, text: str) -> set[str]:
        """Every label that the model can give to this text."""
        script = None if self._scripted else _scripts([text])[0]
        found, _ = self._model.predict(self._preprocess(text), k=-1)
        return {self._name(label, script) for label in found}

    def _name(self, label: str, script: str | None) -> str:
        own = label.removeprefix("__label__")
        return self._overrides.get(own) or canonical(own, script)

    def _one(self, head: str, script: str | None) -> Identification:
        text = self._preprocess(head)
        if not _has_letters(text):
            return _UNIDENTIFIED
        found, scores = self._model.predict(text, k=_CANDIDATES)
        merged: dict[str, float] = {}
        for label, score in zip(found, scores, strict=True):
            name = sys.intern(self._name(label, script))
            merged[name] = merged.get(name, 0.0) + float(score)
        best = sorted(merged.items(), key=lambda item: (-item[1], item[0]))[:3]
        if not best:
            return _UNIDENTIFIED
        return Identification(
            tuple(label for label, _ in best), tuple(min(score, 1.0) for _, score in best)
        )


def _head(text: str) -> str:
    """Return the part of a text that is read; a lone surrogate, which is no text, becomes "?"."""
    return text.lstrip()[:MAX_CHARS].encode("utf-8", "replace").decode("utf-8")


def _has_letters(text: str) -> bool:
    letters = _LETTER.finditer(text)
    return sum(1 for _, _ in zip(range(MIN_LETTERS), letters, strict=False)) == MIN_LETTERS


def _scripts(heads: Sequence[str]) -> list[str]:
    return dominant_scripts(characters_of(heads))

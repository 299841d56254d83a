"""Languages of texts: a fastText model's answer, as canonical labels with scores."""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import compress
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
    """What is used of fastText (``fasttext_model``)."""

    def predict_all(
        self, texts: Sequence[str], k: int, threshold: float = 0.0
    ) -> list[tuple[Sequence[str], Sequence[float]]]:
        """Return the ``k`` best labels (-1: all) of each text, one line, and their scores."""
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
        heads, scripts = self._heads(texts)
        asked = [self._preprocess(head) for head in heads]
        lettered = [_has_letters(text) for text in asked]
        found = iter(self._model.predict_all([*compress(asked, lettered)], _CANDIDATES))
        return [
            self._merged(*next(found), script) if has else _UNIDENTIFIED
            for has, script in zip(lettered, scripts, strict=True)
        ]

    def best(self, texts: Sequence[str], least: float) -> list[str | None]:
        """Return each text's language where its score is ``least`` or more (over .5), else None.

        The first of ``identify``, for less: where one of the model's labels alone has such a score,
        the others are not asked for.
        """
        heads, scripts = self._heads(texts)
        asked = [self._preprocess(head) for head in heads]
        sure = self._model.predict_all(asked, 1, least)
        found: list[str | None] = []
        for head, text, script, (labels, _) in zip(heads, asked, scripts, sure, strict=True):
            if not _has_letters(text):
                found.append(None)
            elif labels:
                found.append(self._name(labels[0], script))
            else:
                (one,) = self.identify([head])
                found.append(one.labels[0] if one.scores[0] >= least else None)
        return found

    def choices(self, text: str) -> set[str]:
        """Every label that the model can give to this text."""
        ((labels, _),) = self._model.predict_all([self._preprocess(text)], -1)
        _, (script,) = self._heads([text])
        return {self._name(label, script) for label in labels}

    def _heads(self, texts: Sequence[str]) -> tuple[list[str], Sequence[str | None]]:
        heads = [_head(text) for text in texts]
        return heads, [None] * len(heads) if self._scripted else _scripts(heads)

    def _name(self, label: str, script: str | None) -> str:
        own = label.removeprefix("__label__")
        return sys.intern(self._overrides.get(own) or canonical(own, script))

    def _merged(
        self, labels: Sequence[str], scores: Sequence[float], script: str | None
    ) -> Identification:
        merged: dict[str, float] = {}
        for label, score in zip(labels, scores, strict=True):
            name = self._name(label, script)
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

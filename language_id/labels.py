"""Language labels: every model's names for a language, brought to one, ``fin_Latn``.

A label is an ISO 639-3 code and an ISO 15924 script. Of a macro-language the individual language
is taken that FineWeb-2 (arXiv:2506.20920) files its text under: Norwegian is ``nob_Latn``,
Chinese ``cmn_Hani``, Latvian ``lvs_Latn``. Serbo-Croatian (``sh``) has no such member that would
be right, and stays ``hbs_Latn``.
"""

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

UNKNOWN: Final = "und_Zyyy"
_MAX_CHARS: Final = 64  # longer than any label or BCP 47 tag; pages may name any language

# Scripts that are one script under several codes: Unicode counts Han characters, and kana, not
# the national way of writing; ISO 15924 codes Fraktur and Nasta'liq apart from Latin and Arabic.
_SAME_SCRIPT: Final = {
    "Hans": "Hani",
    "Hant": "Hani",
    "Kore": "Hang",
    "Jamo": "Hang",
    "Hira": "Jpan",
    "Kana": "Jpan",
    "Hrkt": "Jpan",
    "Latf": "Latn",
    "Latg": "Latn",
    "Cyrs": "Cyrl",
    "Aran": "Arab",
    "Geok": "Geor",
}
_SCRIPT = re.compile(r"[A-Z][a-z]{3}")
_CODE = re.compile(r"[a-z]{3}")


class _Language(NamedTuple):
    scripts: tuple[str, ...]  # the usual one first
    name: str


class _Tables(NamedTuple):
    languages: dict[str, _Language]
    codes: dict[str, str]  # any code or alias -> ISO 639-3


@cache
def _tables() -> _Tables:
    """``data/labels.tsv``, and the codes of FineWeb-2 for the languages it does not describe."""
    folder = files("language_id") / "data"
    languages: dict[str, _Language] = {}
    codes: dict[str, str] = {}
    for line in (folder / "labels.tsv").read_text("utf-8").splitlines()[2:]:
        code, scripts, aliases, name_ = line.split("\t")
        languages[code] = _Language(tuple(scripts.split()), name_)
        codes[code] = code
        codes.update(dict.fromkeys(aliases.split(), code))
    described = frozenset(languages)
    for label in _words((folder / "fineweb2_labels.txt").read_text("utf-8")):
        code, script = label.split("_")
        if code not in described:
            known = languages.get(code, _Language((), ""))
            first = "Latn" if "Latn" in (script, *known.scripts) else script
            scripts_ = dict.fromkeys((first, *known.scripts, script))
            languages[code] = _Language(tuple(scripts_), "")
            codes[code] = code
    return _Tables(languages, codes)


def _words(text: str) -> list[str]:
    return [word for line in text.splitlines() if not line.startswith("#") for word in line.split()]


@lru_cache(maxsize=1 << 14)
def canonical(label: str, script: str | None = None) -> str:
    """Return the label of FineWeb-2 for any model's label, code or BCP 47 tag.

    Read are lid.176 (``no``), OpenLID and GlotLID (``__label__fin_Latn``), ISO 639-1, 639-2 and
    639-3 codes, and tags like ``nb-NO`` or ``sr-Latn``. A script in the label is kept. Without
    one, ``script`` (ISO 15924, the script most of the text is written in) is taken if the language
    is written in it, else the language's usual script. What is not a language is ``und_Zyyy``.

    >>> canonical("no"), canonical("__label__zho_Hans"), canonical("sr-Latn-RS")
    ('nob_Latn', 'cmn_Hani', 'srp_Latn')
    >>> canonical("sr"), canonical("sr", "Latn"), canonical("sr", "Grek"), canonical("?")
    ('srp_Cyrl', 'srp_Latn', 'srp_Cyrl', 'und_Zyyy')
    """
    if len(label) > _MAX_CHARS:
        return UNKNOWN
    subtags = label.removeprefix("__label__").strip().replace("_", "-").split("-")
    code, own_script = _code_and_script(subtags)
    known = _tables().languages.get(code)
    if own_script:
        # A model may know languages no table here lists; its own code is better than none.
        return f"{code}_{_unified(own_script, code)}" if _CODE.fullmatch(code) else UNKNOWN
    if known is None:
        return UNKNOWN
    written = _unified(script, code) if script else ""
    return f"{code}_{written if written in known.scripts else known.scripts[0]}"


def name(label: str) -> str:
    """Return the English name of a canonical label's language, or its code if no name is listed.

    >>> name("mlt_Latn"), name("srp_Latn"), name("aai_Latn")
    ('Maltese', 'Serbian (Latn)', 'aai')
    """
    code, _, script = label.partition("_")
    known = _tables().languages.get(code)
    if known is None or not known.name:
        return code
    return known.name if script in ("", known.scripts[0]) else f"{known.name} ({script})"


def _code_and_script(subtags: list[str]) -> tuple[str, str]:
    """ISO 639-3 code and script ("" if not named) of a label cut at its hyphens."""
    codes = _tables().codes
    first = subtags[0].lower()
    code = codes.get(first, first)
    script = ""
    for subtag in subtags[1:3]:
        if _SCRIPT.fullmatch(subtag.title()):
            script = subtag.title()
            break
        if len(subtag) == 3 and subtag.lower() in codes and code == "cmn":
            code = codes[subtag.lower()]  # an extended language subtag: zh-yue
    return code, script


def _unified(script: str, code: str) -> str:
    """One code per script; a Japanese or Korean text counts as such however much Han it holds."""
    if code == "jpn":
        return "Jpan"
    if code == "kor" and script in ("Hani", "Hans", "Hant"):
        return "Hang"
    return _SAME_SCRIPT.get(script, script)

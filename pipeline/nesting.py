"""How deep a page's elements nest, for the two parsers that read it, without either.

libxml2 has its own table of what closes what; Resiliparse's parser follows HTML's standard, where
an end tag never closes a block from within a link, and formatting that was left open is opened
again in every block that follows: 40 kilobytes of ``<b id=1><p><b id=2><p>...`` take it 1.7 GB.
Where the parsers differ, the deeper answer is counted. It is one scan: an end tag looks back a
bounded number of elements, and counting stops where a page is too deep already. Of random markup
one page in a thousand is more than twice as deep as counted; the sandbox's limits hold for it.
"""

import re
from collections import Counter
from typing import Final

MAX_DEPTH: Final = 400
_LOOK_BACK: Final = 60
_ALIKE: Final = 3
"""Formatting elements written alike that are opened again, at most (the standard's Noah's Ark)."""

_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})[^<>]*>")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_VOID: Final = _names("area base br col embed hr img input link meta param source track wbr")
_FORMATTING: Final = _names("a b big code em font i nobr s small strike strong tt u")
# What an end tag does not close unless it is one of _ENDING: formatting and unknown elements,
# say, never close a block.
_BLOCKS: Final = _names(
    "address applet article aside blockquote body button caption center dd details dir div dl dt"
    " fieldset figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 head header hgroup html"
    " iframe li listing main marquee menu nav noembed noframes noscript object ol p plaintext pre"
    " search section select style summary table tbody td template textarea tfoot th thead title"
    " tr ul xmp"
)
_ENDING: Final = _BLOCKS - _names("form iframe noembed noframes noscript plaintext xmp")
# Before anything else that starts, formatting is opened again; before these, text must come.
_STRUCTURE: Final = _ENDING - _names("applet button marquee object select textarea")
# Outside a table these are none to HTML.
_OF_TABLES: Final = _names("caption tbody td tfoot th thead tr")
# An end tag closes nothing of a higher rank than its own; 100 is everyone else's (libxml2).
_RANK: Final = {
    "div": 150, "object": 155, "template": 155, "marquee": 155, "applet": 155, "caption": 155,
    "td": 160, "th": 160, "tr": 170, "thead": 180, "tbody": 180, "tfoot": 180, "table": 190,
    "head": 200, "body": 200, "html": 220,
}  # fmt: skip
_BEYOND: Final = {
    "li": _names("ul ol"),
    **dict.fromkeys(_names("p h1 h2 h3 h4 h5 h6"), _BLOCKS - _names("p")),
}
"""What else an end tag does not close."""
# What a start tag closes in both parsers, if nothing but formatting of _THROUGH is inside it.
_CLOSES: Final = {
    **dict.fromkeys(
        _names("address blockquote center div dl fieldset form ol p pre ul"), _names("p")
    ),
    "td": _names("p td th"),
    "th": _names("p td th"),
    "li": _names("p li"),
    "dt": _names("p dd"),
    "dd": _names("p dt"),
    "tr": _names("p tr td th"),
    "tbody": _names("p tr td th tbody thead tfoot"),
    "tfoot": _names("p tr td th tbody thead"),
    "option": _names("option"),
    "optgroup": _names("option"),
    "a": _names("a"),
}
_THROUGH: Final = {
    "p": _names("b i u tt"),
    "center": _names("b i font"),
    "td": _names("b i u font a span"),
    "th": _names("b i u font a span"),
}
_NOTHING: Final = frozenset[str]()


def depth(html: str) -> int:
    """Elements around the innermost one and itself, at most; counted up to MAX_DEPTH + 1.

    ``<div/>`` is a start tag, as HTML has it.
    """
    nest = _Nest()
    names, tags, lost = nest.names, nest.tags, nest.lost
    deepest = after = 0
    for tag in _TAG.finditer(html):
        end, name = tag.groups()
        if not name.islower():
            name = name.lower()
        if lost:
            if html[after : tag.start()].strip():
                nest.open_again()
            after = tag.end()
        if name in _VOID:
            continue
        if end:
            if names and names[-1] == name and name != "table":
                names.pop()
                tags.pop()
            else:
                nest.end(name)
                after = tag.end()
            continue
        if name in _CLOSES:
            nest.make_room(name)
            after = tag.end()
        if lost and name not in _STRUCTURE:
            nest.open_again()
        names.append(name)
        tags.append(tag[0] if name in _FORMATTING else "")
        nest.tables += name == "table"
        reached = len(names) + len(lost)
        if reached > deepest:
            deepest = reached
            if deepest > MAX_DEPTH:
                break
    return deepest


class _Nest:
    """The elements that are open, and the formatting that will be opened again."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.tags: list[str] = []
        self.lost: list[tuple[str, str]] = []
        self.tables = 0

    def open_again(self) -> None:
        """What text and formatting do first."""
        for name, tag in self.lost:
            self.names.append(name)
            self.tags.append(tag)
        self.lost.clear()

    def make_room(self, name: str) -> None:
        """Close what the start of ``name`` closes."""
        closes, through, names = _CLOSES[name], _THROUGH.get(name, _NOTHING), self.names
        if name in _OF_TABLES and not self.tables:
            through = _NOTHING
        back = 1
        while back <= min(_LOOK_BACK, len(names)):
            if names[-back] in closes:
                self._pop(back)
                back = 1
            elif names[-back] in through:
                back += 1
            else:
                return

    def end(self, name: str) -> None:
        """Close what an end tag closes."""
        back = self._ended(name)
        if back == 0:
            self._forget(name)
        elif name == "form":  # nothing but itself
            del self.names[-back], self.tags[-back]
        else:
            self._pop(back)

    def _ended(self, name: str) -> int:
        """How many elements an end tag closes."""
        names, rank, ending = self.names, _RANK.get(name, 100), name in _ENDING
        beyond = _BEYOND.get(name, _NOTHING)
        outside = name in _OF_TABLES and not self.tables
        for back in range(1, min(_LOOK_BACK, len(names)) + 1):
            found = names[-back]
            if found == name:
                return back
            if _RANK.get(found, 100) > rank or found in beyond:
                return 0
            if not ending and found in _BLOCKS:
                return 0
            if outside and found not in _OF_TABLES and found != "p":
                return 0
        return 0

    def _forget(self, name: str) -> None:
        """The end of formatting that is not open any more: it is not opened again."""
        for back in range(1, min(_LOOK_BACK, len(self.lost)) + 1):
            if self.lost[-back][0] == name:
                del self.lost[-back]
                return

    def _pop(self, count: int) -> None:
        """Close the innermost ``count`` elements, all but the outermost of them in passing."""
        names, tags = self.names[-count:], self.tags[-count:]
        del self.names[-count:], self.tags[-count:]
        self.tables -= names.count("table")
        if any(tags[1:]):
            alike = Counter(self.lost)
            for found in zip(names[1:], tags[1:], strict=True):
                if found[1] and alike[found] < _ALIKE:
                    alike[found] += 1
                    self.lost.append(found)

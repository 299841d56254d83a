"""Lists of sites and pages, as sorted 64-bit hashes of their keys.

A listed name takes 8 bytes, whatever its length, so that the 4.6 million adult domains of UT1
take 37 MB. Lists hold no names: a page whose key's hash is that of a listed one counts as listed.
Among n entries that happens to one of 2**64 / n keys: with 5 million entries, 20 billion pages and
5 keys a page, the expected number of pages listed by mistake is .03.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

from filters.url_names import (
    entry_key,
    host_hashes,
    key_hash,
    line_entries,
    page_hashes,
    plain_lines,
)

Hashes = NDArray[np.uint64]

DATA: Final = Path(__file__).parent / "data" / "url_list.tsv"
CATEGORIES: Final = ("adult", "gambling", "malware", "phishing", "dating", "optout", "other")
"""What a list may be of. ``optout``: sites whose owners objected to the use of their pages."""


class UrlList(NamedTuple):
    """Sorted hashes of the keys of ``filters.url_names``.

    ``hosts``: keys of hosts; ``pages``: keys of pages; ``page_hosts``: keys ``=host`` of the hosts
    these pages are of, so that other URLs need not be taken apart.
    """

    hosts: Hashes
    pages: Hashes
    page_hosts: Hashes

    @property
    def entries(self) -> int:
        """Hosts and pages listed."""
        return len(self.hosts) + len(self.pages)


UrlLists = Mapping[str, UrlList]
"""A list for each category that has one."""


class Built(NamedTuple):
    """A list, and how many entries named neither a host nor a page."""

    list: UrlList
    bad: int


class Builder:
    """A list in the making: time is linear but for one sort, memory 16 bytes an entry."""

    def __init__(self) -> None:
        self._hosts, self._pages, self._page_hosts = array("Q"), array("Q"), array("Q")
        self._bad = 0

    def __len__(self) -> int:
        return len(self._hosts) + len(self._pages) + self._bad

    def add(self, entry: str) -> None:
        """Add an entry; see ``filters.url_names.entry_key``."""
        key = entry_key(entry)
        if key is None:
            self._bad += 1
        elif "/" in key or "?" in key:
            self._pages.append(key_hash(key))
            self._page_hosts.append(key_hash("=" + key.partition("?")[0].partition("/")[0]))
        else:
            self._hosts.append(key_hash(key))

    def add_lines(self, text: bytes) -> None:
        """Add the entries of whole lines of UTF-8; see ``filters.url_names.line_entries``."""
        at = 0
        while at < len(text):
            run = plain_lines(text, at)
            if run is not None:
                self._hosts.extend(map(xxh3_64_intdigest, run.keys))
                others, at = run.others, run.end
            else:
                end = text.find(b"\n", at) + 1 or len(text)
                others = line_entries(text[at:end].decode("utf-8", "replace"))
                at = end
            for entry in others:
                self.add(entry)

    def built(self) -> Built:
        """Return the list of what was added."""
        columns = (self._hosts, self._pages, self._page_hosts)
        found = [_distinct(np.frombuffer(column, dtype=np.uint64)) for column in columns]
        return Built(UrlList(*found), self._bad)


def url_list(entries: Iterable[str]) -> Built:
    """Return the list of these entries."""
    builder = Builder()
    for entry in entries:
        builder.add(entry)
    return builder.built()


def joined(lists: Sequence[UrlList]) -> UrlList:
    """Return one list of what any of these lists."""
    if len(lists) == 1:
        return lists[0]
    empty = np.zeros(0, dtype=np.uint64)
    columns = zip(*lists, strict=True) if lists else ((), (), ())
    return UrlList(*(_distinct(np.concatenate([empty, *column])) for column in columns))


def listed(
    lists: UrlLists, hosts: Sequence[str | None], urls: Sequence[str | None]
) -> dict[str, NDArray[np.int32]]:
    """Tell for each category which pages it lists: 0 or 1, shape (pages,).

    ``hosts``: as ``filters.urls.host`` gives them; a page without one is on no list.
    """
    above: dict[str, list[int]] = {}
    own = [host_hashes(host or "", above) for host in hosts]
    owners = np.repeat(np.arange(len(own)), [len(hashes) for hashes in own])
    hashes = np.array([one for hashes in own for one in hashes], dtype=np.uint64)
    # In order and each once: a search then finds most of its way in the processor's cache.
    keys, key_of = np.unique(hashes, return_inverse=True)
    found = {}
    for category, entries in lists.items():
        hits = np.zeros(len(hosts), dtype=np.int32)
        hits[owners[is_among(keys, entries.hosts)[key_of]]] = 1
        near = np.unique(owners[is_among(keys, entries.page_hosts)[key_of]])
        for page in near[hits[near] == 0].tolist():
            paths = np.array(page_hashes(hosts[page] or "", urls[page] or ""), dtype=np.uint64)
            hits[page] = is_among(paths, entries.pages).any()
        found[category] = hits
    return found


def is_among(keys: Hashes, of: Hashes) -> NDArray[np.bool_]:
    """Tell which keys are in the sorted array ``of``, shape (keys,)."""
    if not len(of) or not len(keys):
        return np.zeros(len(keys), dtype=np.bool_)
    places = np.searchsorted(of, keys)
    places[places == len(of)] = 0
    return np.asarray(of[places] == keys)


def _distinct(hashes: Hashes) -> Hashes:
    """Return them in order, each once. ``np.unique`` takes ten times as long for millions."""
    ordered = np.sort(hashes)
    is_new = np.ones(len(ordered), dtype=np.bool_)
    is_new[1:] = ordered[1:] != ordered[:-1]
    return ordered[is_new]


@cache
def builtin() -> dict[str, UrlList]:
    """Return the small lists that are shipped: well-known sites, one list a category."""
    entries: dict[str, list[str]] = {}
    for line in DATA.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            category, _, host = line.partition("\t")
            entries.setdefault(category, []).append(host)
    return {category: url_list(own).list for category, own in entries.items()}

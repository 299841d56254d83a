"""The lists a configuration names, read, checked and made ready to be looked up."""

import logging
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from filters import url_lists, url_words
from filters.robots_sites import NONE, Sites
from filters.rules import ANY, Rule
from filters.url_lists import Builder, Built, UrlList, joined
from filters.url_rules import ROBOTS_RULE, RULE_OF_CATEGORY, signal_of
from filters.url_words import UrlWord, UrlWords
from pipeline import derived
from pipeline.config import Config
from pipeline.derived import Lists
from pipeline.errors import ConfigError
from pipeline.list_config import UrlListFile
from pipeline.list_files import opened
from pipeline.robots import read_robots
from pipeline.storage import StorageOptions
from pipeline.word_files import checked, read_lines, tell_bad

log = logging.getLogger(__name__)

MAX_ENTRIES: Final = 100_000_000
"""Of a list: 800 MB of hashes."""
_ROBOTS: Final = "url_robots_disallowed"


class ReadList(NamedTuple):
    """A list as read: what it lists by folder ("" without any), and its file's SHA-256."""

    folders: dict[str, Built]
    sha256: str

    @property
    def entries(self) -> int:
        """Sites and pages listed."""
        return sum(built.list.entries for built in self.folders.values())

    @property
    def bad(self) -> int:
        """Entries that name neither a site nor a page."""
        return sum(built.bad for built in self.folders.values())


def read_url_list(
    uri: str, options: StorageOptions | None = None, folder: str | None = None
) -> ReadList:
    """Read a list of sites and pages; with ``folder`` nothing of the others.

    Read are a site or page a line, hosts files ("0.0.0.0 example.org"), and folders and tar
    archives with files ``domains`` and ``urls`` as UT1's; plain or in gzip, zstd or xz.
    """
    builders: dict[str, Builder] = {}
    with opened(uri, options) as found:
        for part in found.parts:
            if folder in (None, part.folder):
                builder = builders.setdefault(part.folder, Builder())
                for text in part.text:
                    builder.add_lines(text)
                    _check_size(uri, builders.values())
    return ReadList({n: builders[n].built() for n in sorted(builders)}, found.sha256())


def _check_size(uri: str, builders: Iterable[Builder]) -> None:
    if sum(map(len, builders)) > MAX_ENTRIES:
        raise ConfigError(f"{uri}: more than {MAX_ENTRIES:,} entries: no such list")


def derived_lists(config: Config, rules: Sequence[Rule], options: StorageOptions) -> Lists | None:
    """The lists the rules look up, None where none does; ConfigError names what is wrong."""
    wanted = derived.wanted(rules)
    unused = sorted({f.category for f in config.urls.lists if signal_of(f.category) not in wanted})
    if unused:
        names = ", ".join(RULE_OF_CATEGORY[category] for category in unused)
        log.warning("urls.lists: nothing looks at some of them: the rules lack %s", names)
    if config.urls.robots and _ROBOTS not in wanted:
        log.warning("urls.robots: nothing looks at it: the rules lack %s", ROBOTS_RULE)
    if not wanted:
        return None
    files = [f for f in config.urls.lists if signal_of(f.category) in wanted]
    found: list[tuple[str, UrlList]] = []
    made_from = []
    if config.urls.builtin:
        found += url_lists.builtin().items()
    for file in files:
        own, sha256 = _read(file, options)
        found.append((file.category, own))
        made_from.append([file.category, file.folder, sha256])
    words, words_from = _url_words(config, options)
    urls = {c: joined([own for name, own in found if name == c]) for c, _ in found}
    parts = {"builtin": config.urls.builtin, "lists": sorted(made_from, key=str)}
    robots, robots_from = _robots(config, options) if _ROBOTS in wanted else (NONE, {})
    return Lists(urls, words, parts | words_from | robots_from, robots)


def _read(file: UrlListFile, options: StorageOptions) -> tuple[UrlList, str]:
    found = read_url_list(file.path, options, file.folder)
    checked(file.path, found.sha256, file.sha256)
    if len(found.folders) > 1:
        raise ConfigError(
            f"{file.path}: holds several lists; say which by urls.lists folder: "
            f"{', '.join(sorted(found.folders))}"
        )
    if not found.entries:
        where = f" in folder {file.folder!r}" if file.folder else ""
        raise ConfigError(f"{file.path}: names no site and no page{where}")
    if found.bad:
        log.warning("%s: %d entries name neither a site nor a page", file.path, found.bad)
    return joined([built.list for built in found.folders.values()]), found.sha256


def _robots(config: Config, options: StorageOptions) -> tuple[Sites, dict[str, object]]:
    if not config.urls.robots:
        return NONE, {}
    found = read_robots(config.urls.robots, config.urls.robots_agents, options)
    return found.sites, {"robots": found.sha256, "robots_agents": [*config.urls.robots_agents]}


def _url_words(config: Config, options: StorageOptions) -> tuple[UrlWords, dict[str, object]]:
    entries: list[UrlWord] = list(url_words.builtin()) if config.urls.builtin_words else []
    made_from = []
    for file in config.urls.word_lists:
        found, sha256 = read_lines(file, options)
        parsed = [_url_word(line, file.lang) for line in found]
        good = [entry for entry in parsed if entry is not None]
        tell_bad(file.path, len(parsed) - len(good), len(good))
        entries += good
        made_from.append([file.lang, sha256])
    parts = {"builtin_words": config.urls.builtin_words, "word_lists": sorted(made_from, key=str)}
    return UrlWords(entries), dict(parts)


def _url_word(line: str, lang: str | None) -> UrlWord | None:
    """An entry "lang, strength, word"; a word alone is a hard one of ``lang``."""
    return url_words.parsed(line if "\t" in line else f"{lang or ANY}\thard\t{line}")


def text_of(built: Iterable[Built]) -> str:
    """Sites, pages and bad entries in words."""
    built = list(built)
    hosts, pages = (sum(len(getattr(b.list, name)) for b in built) for name in ("hosts", "pages"))
    bad = sum(b.bad for b in built)
    told = f", {bad:,} entries that are neither" if bad else ""
    return f"{hosts:,} sites, {pages:,} pages{told}"

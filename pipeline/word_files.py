"""Files of words: the flagged words a configuration names, by language."""

import hashlib
import logging
from typing import NamedTuple

from filters import word_lists
from filters.word_lists import WordLists
from language_id.labels import UNKNOWN, canonical
from pipeline.errors import ConfigError
from pipeline.fingerprint import Parts
from pipeline.list_config import WordListFile, Words
from pipeline.list_files import lines_of, opened
from pipeline.storage import StorageOptions, local_path, scheme_of

log = logging.getLogger(__name__)


class FlaggedWords(NamedTuple):
    """Lists of flagged words, and the configuration with every file's checksum filled in.

    Whoever reads ``pinned`` again reads the same, or is refused.
    """

    lists: WordLists
    pinned: Words

    @property
    def made_from(self) -> Parts:
        """What the lists are made from, for fingerprints: not where the files lie."""
        files = [[file.lang, file.sha256] for file in self.pinned.lists]
        return {"builtin": self.pinned.builtin, "lists": sorted(files, key=str)}


def flagged_words(words: Words, options: StorageOptions) -> FlaggedWords:
    """The lists of flagged words the configuration names; ConfigError tells what is wrong.

    A file holds "label, word" lines, or one word a line of the language ``lang`` or of that its
    own name is a code of; a local folder holds such files, and others are passed over.
    """
    found = [word_lists.builtin()] if words.builtin else []
    pinned = []
    for file in words.lists:
        own, sha256 = _flagged(file, options)
        found.append(own)
        pinned.append(file.model_copy(update={"sha256": sha256}))
    return FlaggedWords(
        word_lists.merged(*found), words.model_copy(update={"lists": tuple(pinned)})
    )


def _flagged(file: WordListFile, options: StorageOptions) -> tuple[dict[str, tuple[str, ...]], str]:
    parts, digest = _language_files(file, options)
    checked(file.path, digest, file.sha256)
    words: dict[str, list[str]] = {}
    bad = 0
    for lang, lines in parts:
        for line in lines:
            entry = word_lists.parsed(line, None if "\t" in line else lang)
            if entry is None:
                bad += 1
            else:
                words.setdefault(entry[0], []).append(entry[1])
    tell_bad(file.path, bad, len(words))
    return {lang: tuple(own) for lang, own in words.items()}, digest


def _language_files(
    file: WordListFile, options: StorageOptions
) -> tuple[list[tuple[str | None, list[str]]], str]:
    """Language and lines of each file of a list, and the checksum of all."""
    folder = local_path(file.path)
    if scheme_of(file.path) not in ("", "file") or not folder.is_dir():
        lines, digest = read_lines(file.model_copy(update={"sha256": None}), options)
        return [(file.lang or _language_of(file.path), lines)], digest
    own = hashlib.sha256()
    parts: list[tuple[str | None, list[str]]] = []
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        lang = file.lang or _language_of(path.name)
        if lang:
            lines, digest = read_lines(WordListFile(path=str(path)), options)
            own.update(f"{path.name}\0{digest}\0".encode())
            parts.append((lang, lines))
    return parts, own.hexdigest()


def _language_of(path: str) -> str | None:
    """The code a file is named by ("de", "de.txt"), None where its name is none."""
    name = path.partition("?")[0].rsplit("/", 1)[-1].partition(".")[0]
    return name if canonical(name) != UNKNOWN else None


def read_lines(file: WordListFile, options: StorageOptions) -> tuple[list[str], str]:
    """The lines of a word list, and its SHA-256, which is the configuration's."""
    with opened(file.path, options) as found:
        lines = [line for part in found.parts for line in lines_of(part)]
    sha256 = found.sha256()
    checked(file.path, sha256, file.sha256)
    return lines, sha256


def checked(path: str, sha256: str, expected: str | None) -> None:
    """ConfigError where a file is not the one the configuration names."""
    if expected not in (None, sha256):
        raise ConfigError(f"{path}: has SHA-256 {sha256}, the configuration names {expected}")


def tell_bad(path: str, bad: int, good: int) -> None:
    """Warn of lines that are no entries; ConfigError where none is."""
    if not good:
        raise ConfigError(f"{path}: holds no word")
    if bad:
        log.warning("%s: %d lines are no entries", path, bad)

"""The robots.txt a configuration names: responses in archives, or a folder of files by host."""

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import urljoin

from filters.robots import ALLOWED, DISALLOWED, MAX_BYTES, Patterns, Robots, parsed
from filters.robots_sites import Sites, address
from filters.urls import host
from pipeline.archives import Limits, records
from pipeline.errors import ArchiveError, ConfigError
from pipeline.http import HttpLimits, HttpResponse, decode_response
from pipeline.inputs import list_inputs
from pipeline.ledger import is_http, warc_date
from pipeline.record import HARMLESS, Record
from pipeline.storage import StorageOptions, local_path, open_source, scheme_of
from pipeline.table_names import is_table_name

log = logging.getLogger(__name__)

MAX_REDIRECTS: Final = 5
"""Followed from one robots.txt to another, as RFC 9309 has it in section 2.3.1.2."""
_STILL_CODED = frozenset(("unsupported_coding", "too_many_codings", "undecodable"))
_LIMITS = Limits(max_block_bytes=2 << 20)
_HTTP_LIMITS = HttpLimits(max_body_bytes=MAX_BYTES + 1)
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


class Answer(NamedTuple):
    """What a site answered, and when; ``target``: the origin that it says to ask instead."""

    date: datetime
    robots: Robots
    target: str = ""


class ReadRobots(NamedTuple):
    """Rules by origin, how many origins answered, and the SHA-256 of all the rules."""

    sites: Sites
    answered: int
    sha256: str


def read_robots(
    paths: Sequence[str], agents: Sequence[str], options: StorageOptions | None = None
) -> ReadRobots:
    """Read the rules that bind these crawlers, of each origin its newest answer.

    A path is an archive or what names several (``pipeline.inputs``); or a local folder of files as
    ``example.org.txt``, which bind before any archive. Memory: the rules of ``agents`` and ``*``
    alone, and sites with the same rules share them. ConfigError where nothing can be read.
    """
    options = options or StorageOptions()
    newest: dict[str, Answer] = {}
    shared: dict[Robots, Robots] = {}
    for path in paths:
        told = False
        for origin, answer in _answers(path, agents, options):
            told, held = True, newest.get(origin)
            if held is None or held.date <= answer.date:
                same = shared.setdefault(answer.robots, answer.robots)
                newest[origin] = answer._replace(robots=same)
        if not told:
            raise ConfigError(f"{path}: holds no robots.txt")
    rules = {origin: _final(answer, newest) for origin, answer in newest.items()}
    kept = {origin: robots for origin, robots in rules.items() if robots.forbids_anything()}
    log.info("urls.robots: %d sites, %d of them forbid some path", len(newest), len(kept))
    return ReadRobots(Sites(tuple(agents), kept), len(newest), _digest(kept))


def _answers(
    path: str, agents: Sequence[str], options: StorageOptions
) -> Iterator[tuple[str, Answer]]:
    folder = local_path(path)
    if scheme_of(path) in ("", "file") and folder.is_dir():
        files = sorted(file for file in folder.glob("*.txt") if file.is_file())
        for file in files:
            name = host(f"http://{file.name.removesuffix('.txt')}/")
            with file.open("rb") as stream:
                robots = parsed(stream.read(MAX_BYTES + 1), agents)
            for scheme in ("http", "https") if name else ():
                yield f"{scheme}://{name}", Answer(_LAST, robots)
        if files:
            return
    for archive in list_inputs([path], options):
        if is_table_name(archive.name):
            continue
        if archive.problem:
            raise ConfigError(f"{archive.uri}: {archive.problem}")
        try:
            yield from _archived(archive.uri, agents, options)
        except ArchiveError as error:
            raise ConfigError(str(error)) from error


def _archived(
    uri: str, agents: Sequence[str], options: StorageOptions
) -> Iterator[tuple[str, Answer]]:
    """Answers in an archive; records that are none for a robots.txt are passed over."""
    damaged = unread = 0
    with closing(open_source(uri, options)) as source:
        for record in records(source, limits=_LIMITS):
            damaged += record.kind == "gap" and record.problem not in HARMLESS
            where = address(record.uri, host(record.uri))
            if record.warc_type != "response" or where.path != "/robots.txt" or not is_http(record):
                continue
            answer = _answer(record, agents)
            if answer is None:
                unread += 1
            else:
                yield where.origin, answer
    if damaged:
        log.warning("%s: %d damaged places, in which robots.txt may be lost", uri, damaged)
    if unread:
        log.warning("%s: %d answers for robots.txt cannot be understood", uri, unread)


def _answer(record: Record, agents: Sequence[str]) -> Answer | None:
    """What a response says (RFC 9309, section 2.3.1), None where it says nothing."""
    response = decode_response(record.block, _HTTP_LIMITS)
    date = warc_date(record.headers.get("warc-date")) or _FIRST
    if 500 <= response.status <= 599:
        return Answer(date, DISALLOWED)
    if 400 <= response.status <= 499:
        return Answer(date, ALLOWED)
    if 300 <= response.status <= 399:
        return _redirect(record, response, date)
    if response.status // 100 != 2 or response.problem in _STILL_CODED:
        return None
    body = response.body
    if (record.truncated or response.truncated) and len(body) <= MAX_BYTES:
        body = body[: body.rfind(b"\n") + 1]
    return Answer(date, parsed(body, agents))


def _redirect(record: Record, response: HttpResponse, date: datetime) -> Answer | None:
    """The origin whose robots.txt a redirect names; one to any other page leads nowhere."""
    place = next((value for name, value in response.headers if name.lower() == "location"), None)
    if place is None:
        return None
    try:
        target = urljoin(record.uri, place.strip())
    except ValueError:
        return Answer(date, ALLOWED)
    where = address(target, host(target))
    return Answer(date, ALLOWED, where.origin if where.path == "/robots.txt" else "")


def _final(answer: Answer, newest: dict[str, Answer]) -> Robots:
    """The rules at the end of redirects; without them, or behind too many, all is allowed."""
    for _ in range(MAX_REDIRECTS):
        if not answer.target:
            break
        answer = newest.get(answer.target) or Answer(_FIRST, ALLOWED)
    return ALLOWED if answer.target else answer.robots


def _digest(rules: dict[str, Robots]) -> str:
    """SHA-256 of rules, whatever files and order they were read in."""
    digest = hashlib.sha256()
    for origin in sorted(rules):
        groups = [
            [sorted(group.agents), *(_text(own) for own in (group.allow, group.disallow))]
            for group in rules[origin].groups
        ]
        digest.update(json.dumps([origin, groups]).encode() + b"\n")
    return digest.hexdigest()


def _text(patterns: Patterns) -> list[str]:
    return sorted(pattern.decode("ascii") for own in patterns for pattern in own)

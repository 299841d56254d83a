"""The zoo: hostile archives and pages, what is read around them, and what is said of them."""

import re
import unicodedata
from itertools import pairwise

import pytest
import zoo_charsets
import zoo_containers
import zoo_headers
import zoo_http
import zoo_markup
from zoo import EMAIL, PHONE, Case, response

from pipeline import charset, config, extraction, ledger, precheck
from pipeline.archives import REASONS, records
from pipeline.encodings import CODECS
from pipeline.ledger import DAMAGE, FAILED, SKIPPED
from pipeline.members import HeldBytes
from pipeline.ranges import plan_ranges
from pipeline.storage import SOURCE_REASONS

ARCHIVES = [*zoo_containers.CASES, *zoo_headers.CASES, *zoo_http.CASES]
PAGES = [
    response(case.name, lambda case=case: _bytes(case.body()), says=case.says, fates=case.fates)
    for case in zoo_markup.CASES
]
BODIES = [
    response(f"noise_{name}", lambda body=body: body, fates=(None, "no_text", "not_text", "empty"))
    for name, body in zoo_charsets.NOISE.items()
]
CASES = [*ARCHIVES, *PAGES, *BODIES]
WITH_PAGE = [case for case in CASES if case.fates]
CLOSED = {*FAILED, *SKIPPED, *REASONS, *SOURCE_REASONS}
NOTE = re.compile(r"[a-z][a-z0-9_]{2,40}|[A-Z][A-Za-z]{2,40}")
# C0 but for tab and line feed, DEL, C1, surrogates, noncharacters
UNSTORABLE = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
HEADER_CONTROLS = re.compile(
    "[\0-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
MAX_RSS = 512 << 20


def _bytes(body: str | bytes) -> bytes:
    return body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")


def named(cases):
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


def rows_of(data: bytes, *cuts: int):
    edges = [0, *sorted(cuts), len(data)]
    source = HeldBytes(data)
    return [row for start, end in pairwise(edges) for row in records(source, start, end)]


def tiles(rows, size: int) -> bool:
    at = 0
    for row in rows:
        if row.offset != at and row.length:
            return False
        at = max(at, row.offset + row.length)
    return at == size and sum(row.length for row in rows) == size


def strings(value):
    """Every string in a row, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from strings(item)


def test_the_zoo_is_large_and_its_cases_have_names_of_their_own():
    names = [case.name for case in CASES] + [case.name for case in zoo_charsets.CASES]
    assert len(set(names)) == len(names)
    assert len(CASES) >= 300
    for case in (*ARCHIVES[:5], *PAGES[:5]):
        assert case.data() == case.data()


@pytest.mark.timeout(60)
@named(CASES)
def test_every_byte_is_accounted_for_and_both_neighbours_are_read(case: Case):
    data = case.data()
    rows = rows_of(data)
    assert tiles(rows, len(data)) or not data
    singing = {n for n in "AB" for row in rows if f"Canary {n} sings".encode() in row.block}
    assert singing == set(case.canaries)
    assert rows == rows_of(
        data, *(cut for _, cut in plan_ranges(HeldBytes(data), "x.gz", 2000)[:-1])
    )
    said: set[str] = set()
    for row in rows:
        ended = ledger.screen(row, "zoo.warc.gz").row
        assert ended["reason"] in {None, *CLOSED}
        assert all(NOTE.fullmatch(note) for note in ended["notes"])
        for name in ("record_id", "url", "record_type", "media_type"):
            assert not HEADER_CONTROLS.search(ended[name] or ""), name
        said |= {ended["reason"], *ended["notes"]} - {None}
    assert said >= set(case.problems)
    if not case.problems and case in ARCHIVES:
        assert not said & DAMAGE


@named([case for case in CASES if case.canaries and len(case.data()) < 40_000][::3])
def test_a_cut_anywhere_gives_the_same_rows(case: Case):
    data = case.data()
    whole = rows_of(data)
    for part in (3, 7):
        assert rows_of(data, len(data) // part, len(data) // 2) == whole


ENGINES = ("corpusmill", "trafilatura")


@pytest.fixture(scope="module")
def settings():
    """The default configuration with each engine; their guarded children end with the module."""
    resolved = config.load()
    yield {
        engine: resolved.model_copy(
            update={"text": resolved.text.model_copy(update={"engine": engine})}
        )
        for engine in ENGINES
    }
    extraction.sandbox.cache_clear()


def peak_bytes(pid: int) -> int:
    """Largest resident set of a process so far."""
    with open(f"/proc/{pid}/status") as status:  # noqa: PTH123
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM"))


TRIED = [("corpusmill", case) for case in WITH_PAGE] + [("trafilatura", case) for case in PAGES]


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("engine", "case"), TRIED, ids=[f"{engine}-{case.name}" for engine, case in TRIED]
)
def test_a_page_costs_no_more_than_its_bounds_and_gives_storable_text(
    engine: str, case: Case, settings
):
    resolved = settings[engine]
    child = extraction.sandbox(resolved.text)
    if child.pid is None:
        child.run(*extraction.PROBE)  # its start, and compiling kernels, is no page's time
    screened = [
        one
        for row in rows_of(case.data())
        if "canary" not in (one := ledger.screen(row, "zoo.warc.gz")).row
        and not (one.row["url"] or "").endswith(("/A", "/B"))
    ]
    ended, pages = extraction.mill(screened, resolved)
    assert child.pid is None or peak_bytes(child.pid) < MAX_RSS
    for row in ended:
        assert row["reason"] in {None, *CLOSED}
        assert row["fate"] in ledger.FATES
        assert all(NOTE.fullmatch(note) for note in row["notes"])
    assert {row["reason"] for row in ended if row["record_type"] != "gap"} <= set(case.fates)
    for found in pages:
        for value in strings(found):
            assert not UNSTORABLE.search(value)
        assert unicodedata.is_normalized("NFC", found["text"])
        assert len(found["text"]) <= precheck.MAX_HTML_CHARS
        for span in found["pii"]:
            assert 0 <= span["start"] < span["end"] <= len(found["text"])
    if case.says:
        assert any(case.says in found["text"] for found in pages)


@named(zoo_charsets.CASES)
def test_a_known_sentence_is_read_right_whatever_its_label_says(case: zoo_charsets.Charset):
    decoded = charset.decode(case.body, case.header, is_html=True)
    assert case.says in decoded.text
    # some encodings spell a short page with the same bytes
    assert decoded.text.encode(CODECS[decoded.charset]) == decoded.text.encode(CODECS[case.charset])


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", zoo_charsets.NAMES, ids=lambda name: ascii(name)[:20])
def test_a_name_of_an_encoding_commands_nothing(name: str):
    says = zoo_charsets.SAID["uk"]
    for label, meta in ((name, ""), (None, f"<meta charset='{name}'>")):
        body = f"<html><head>{meta}</head><p>{says}".encode()
        decoded = charset.decode(body * 20, label, is_html=True)
        assert (says in decoded.text, decoded.charset) == (True, "utf-8")


def test_planted_addresses_are_found_in_the_text_and_nowhere_else(settings):
    (case,) = (case for case in PAGES if case.name == "injection")
    screened = [ledger.screen(row, "zoo.warc.gz") for row in rows_of(case.data())]
    ended, pages = extraction.mill(screened, settings["corpusmill"])
    assert not [s for s in strings(ended) if EMAIL in s or PHONE in s]
    (found,) = (p for p in pages if EMAIL in p["text"])
    assert {span["kind"] for span in found["pii"]} >= {"email", "phone"}

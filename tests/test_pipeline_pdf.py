"""PDF to text, in the guarded child where the file is hostile."""

import importlib.metadata
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import ledger, pdf
from pipeline.errors import ConfigError
from pipeline.media import kind_of
from pipeline.sandbox import Sandbox, SandboxLimits

sys.path.insert(0, str(Path(__file__).parent.parent / "samples"))
from payloads import pdf as sample

LINES = [
    "The old mill by the river had been empty for as long as anyone could",
    "remember. In the spring a young couple bought it.",
    "Contents",
]
SOUND = sample(LINES)


def written(objects, trailer=b"", streams=()):
    """A PDF of these objects, numbered from 1, the first of them the catalogue."""
    out, places = b"%PDF-1.5\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size %d/Root 1 0 R%s>>" % (len(objects) + 1, trailer)
    return out + b"\nstartxref\n%d\n%%%%EOF" % xref


PAGES = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"]
PAGE = (
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>"
)
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


def encrypted():
    keys = b"/O(%s)/U(%s)" % (b"o" * 32, b"u" * 32)
    lock = b"/Encrypt<</Filter/Standard/V 1/R 2/P -4%s>>/ID[(1)(1)]" % keys
    return written([*PAGES, PAGE, b"<</Length 0>>stream\n\nendstream", FONT], lock)


def bomb(nested=3, size=200 << 20):
    data = b"BT /F 9 Tf (x) Tj ET " * (size // 21)
    for _ in range(nested):
        data = zlib.compress(data, 1)
    filters = b"/FlateDecode" * nested
    head = b"<</Length %d/Filter[%s]>>stream\n" % (len(data), filters)
    return written([*PAGES, PAGE, head + data + b"\nendstream", FONT])


def endless():
    """A page tree whose node is its own child."""
    return written([PAGES[0], b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 1000000>>"])


def test_lines_become_paragraphs_again():
    page, reasons, refused = pdf.read(SOUND)
    assert (refused, reasons) == (None, [])
    assert page.text == f"{LINES[0]} {LINES[1]}\nContents"


def test_words_divided_at_line_ends_are_whole_again():
    assert pdf.paragraphs("Wind\ufffe\r\nmühle am\r\n\r\nFluss") == "Windmühle am\nFluss"
    assert pdf.paragraphs("") == ""
    assert pdf.paragraphs("One.\nTwo.\n- three\n- four") == "One.\nTwo.\n- three\n- four"


@given(st.lists(st.text(alphabet="ab C.-\ufffe\x02", max_size=30), max_size=12))
def test_no_letter_is_lost_when_lines_are_joined(lines):
    joined = pdf.paragraphs("\r\n".join(lines))
    letters = lambda text: [c for c in text if c not in " \r\n\ufffe\x02"]  # noqa: E731
    assert letters(joined) == letters("".join(lines))


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        (encrypted(), "pdf_encrypted"),
        (SOUND[: len(SOUND) // 4], "pdf_damaged"),
        (b"%PDF-1.7\n", "pdf_damaged"),
        (b"%PDF-1.7\n" + bytes(range(256)) * 40, "pdf_damaged"),
    ],
)
def test_what_cannot_be_opened_has_its_reason(body, refused):
    page, _, reason = pdf.read(body)
    assert (page.text, reason) == ("", refused)
    assert refused in (ledger.SKIPPED | ledger.FAILED)


@pytest.fixture(scope="module")
def child():
    limits = SandboxLimits(time_s=10, memory_bytes=256 << 20)
    with Sandbox("pipeline.page:factory", {}, limits) as sandbox:
        yield sandbox


@pytest.mark.parametrize("make", [bomb, endless])
def test_bombs_cost_themselves_and_no_neighbour(child, make):
    outcome = child.run({"kind": "pdf", "url": None}, make())
    if outcome.failure is None:
        assert outcome.result["text_chars"] <= 2 << 20
    after = child.run({"kind": "pdf", "url": "https://mill.example/"}, SOUND)
    assert after.result["text"].startswith("The old mill")
    assert after.result["charset"] is None


@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(SOUND) - 1), st.integers(0, 255), st.booleans())
def test_a_flipped_byte_or_a_cut_is_an_answer(child, at, byte, cut):
    broken = SOUND[:at] + (b"" if cut else bytes([byte]) + SOUND[at + 1 :])
    outcome = child.run({"kind": "pdf", "url": None}, broken)
    assert outcome.failure is None
    assert outcome.result["refused"] in (None, "pdf_damaged", "pdf_encrypted")


def test_without_the_extra_a_run_that_wants_pdf_does_not_start(monkeypatch):
    assert pdf.installed(wanted=True).keys() == {"pypdfium2"}

    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(pdf, "version", absent)
    assert pdf.installed(wanted=False) == {}
    with pytest.raises(ConfigError, match=r"pip install 'corpusmill\[pdf\]'"):
        pdf.installed(wanted=True)


@pytest.mark.parametrize(
    ("media_type", "head", "kind"),
    [
        ("application/pdf", b"%PDF-1.4", "pdf"),
        ("text/html", b"%PDF-1.4", "pdf"),
        ("application/pdf", b"junk\n%PDF-1.4", "pdf"),
        ("application/octet-stream", b"junk\n%PDF-1.4", "text"),
        ("application/pdf", b"<html>", None),
    ],
)
def test_pdf_by_its_mark(media_type, head, kind):
    assert kind_of(media_type, head, {"pdf"}) == kind
    assert kind_of(media_type, head) != "pdf"

"""PDF to text by pypdfium2, an extra that is not installed by default.

PDFium is C++ and its input hostile: it runs in the guarded child alone, where a file that hangs it,
takes its memory or kills it costs that file. Lines as they are set on a page are joined to
paragraphs again, since every measure of a text counts its lines.
"""

from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final

from pipeline import precheck
from pipeline.errors import ConfigError
from pipeline.head import MAX_TITLE_CHARS, iso_date
from pipeline.text_settings import ExtractedPage

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

PACKAGE: Final = "pypdfium2"
MAX_PAGES: Final = 1000
REASONS: Final = {"cut_1000_pages": "PDF cut to its first 1,000 pages"}
"""Notes: the document went on, cut."""
SKIPS: Final = {"pdf_encrypted": "a PDF that asks for a password, or is locked otherwise"}
FAILURES: Final = {"pdf_damaged": "no PDF that can be opened: cut off, damaged or none"}
_LOCKED: Final = (4, 5)  # FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY
_HYPHENS: Final = ("\ufffe", "\x02")
"""What PDFium writes for a hyphen that ends a line inside a word."""
_SENTENCE_ENDS: Final = tuple('.!?:;…。！？।۔»”"')
_FULL_LINE: Final = 0.7
"""Share of the page's usual line that a line reaches which goes on in the next."""


def installed(*, wanted: bool) -> dict[str, str]:
    """Version of the library where PDFs are ``wanted``; ConfigError where there is none."""
    if not wanted:
        return {}
    try:
        return {PACKAGE: version(PACKAGE)}
    except PackageNotFoundError:
        raise ConfigError(
            f"text.pdf needs {PACKAGE}, which is not installed: pip install 'corpusmill[pdf]', "
            "or set text.pdf = false"
        ) from None


def read(body: bytes) -> tuple[ExtractedPage, list[str], str | None]:
    """Text of a PDF and what it says of itself, notes, and why there is no text, if so.

    Only its first 1,000 pages and 2,097,152 characters count. Pictures of text give none.
    """
    import pypdfium2  # noqa: PLC0415  # an extra, and 20 ms

    try:
        document = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as error:
        locked = error.err_code in _LOCKED
        return ExtractedPage("", None, None, None), [], "pdf_encrypted" if locked else "pdf_damaged"
    reasons: list[str] = []
    try:
        text = "\n\n".join(_pages(document, reasons))
        facts = document.get_metadata_dict(skip_empty=True)
    finally:
        document.close()
    title = " ".join(facts.get("Title", "")[: 4 * MAX_TITLE_CHARS].split())[:MAX_TITLE_CHARS]
    date = iso_date(facts.get("CreationDate", "").removeprefix("D:")[:8])
    return ExtractedPage(text, title or None, date, None), reasons, None


def _pages(document: "PdfDocument", reasons: list[str]) -> Iterator[str]:
    """Text of page after page, within the bounds; a page that cannot be read has none."""
    import pypdfium2  # noqa: PLC0415

    count, left = len(document), precheck.MAX_HTML_CHARS
    if count > MAX_PAGES:
        reasons.append("cut_1000_pages")
    for number in range(min(count, MAX_PAGES)):
        try:
            page = document[number]
            textpage = page.get_textpage()
        except pypdfium2.PdfiumError:
            continue
        try:
            text = textpage.get_text_range(count=min(textpage.count_chars(), left))
        except pypdfium2.PdfiumError:
            text = ""
        finally:
            textpage.close()
            page.close()
        left -= len(text)
        yield paragraphs(text)
        if left <= 0:
            reasons.append("cut_2mi_chars")
            return


def paragraphs(text: str) -> str:
    r"""Lines of a page joined where a sentence goes on: a word was divided, or a full line ended.

    A line is full that reaches seven tenths of what nine in ten of the page's lines do not exceed.

    >>> paragraphs("A long line that ends some\ufffe\r\nwhere in a word and then\r\ngoes on.\r\nOn")
    'A long line that ends somewhere in a word and then goes on.\nOn'
    """
    lines = [line.strip() for line in text.replace("\r\n", "\n").split("\n")]
    full = _FULL_LINE * _usual(lines)
    joined: list[str] = []
    before = ""
    for line in lines:
        if not line:
            before = ""
        elif before.endswith(_HYPHENS):
            joined[-1] = joined[-1][:-1] + line
            before = line
        elif before and _goes_on(before, line, full):
            joined[-1] += f" {line}"
            before = line
        else:
            joined.append(line)
            before = line
    return "\n".join(joined)


def _usual(lines: Sequence[str]) -> int:
    lengths = sorted(len(line) for line in lines if line)
    return lengths[len(lengths) * 9 // 10] if lengths else 0


def _goes_on(before: str, line: str, full: float) -> bool:
    if len(before) < full or before.endswith(_SENTENCE_ENDS):
        return False
    return line[0].isalpha() or line[0] in "(„“«\"'"

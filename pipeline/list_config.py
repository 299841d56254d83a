"""Tables of the configuration that name lists: of sites and pages, of words."""

from typing import Literal

from pydantic import Field, field_validator

from filters.robots import product_token
from pipeline.section import Section

Category = Literal["adult", "gambling", "malware", "phishing", "dating", "optout", "other"]


class UrlListFile(Section):
    """A list of sites and pages: text, hosts file or UT1 archive, of that perhaps one ``folder``.

    With ``sha256`` (in hex) any other content is refused.
    """

    category: Category
    path: str
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    folder: str | None = None


class WordListFile(Section):
    """A list of words by language; ``lang`` where it is one language's, a word a line.

    With ``sha256`` (in hex) any other content is refused.
    """

    path: str
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    lang: str | None = None


class Urls(Section):
    """What the rules on addresses look up: lists of sites and pages, words in URLs, robots.txt.

    ``robots``: archives that hold robots.txt, or folders of files as ``example.org.txt``.
    """

    builtin: bool = True
    lists: tuple[UrlListFile, ...] = ()
    builtin_words: bool = True
    word_lists: tuple[WordListFile, ...] = ()
    robots: tuple[str, ...] = ()
    robots_agents: tuple[str, ...] = ("CCBot",)

    @field_validator("robots_agents")
    @classmethod
    def _named(cls, agents: tuple[str, ...]) -> tuple[str, ...]:
        bad = [agent for agent in agents if not product_token(agent)]
        if bad or not agents:
            raise ValueError(f"names of crawlers as in robots.txt, or *; not {bad or 'none'}")
        return agents


class Words(Section):
    """Flagged words of texts, by language; counted at extraction.

    A list may be a folder of files named by their language, as LDNOOBW's.
    """

    builtin: bool = True
    lists: tuple[WordListFile, ...] = ()

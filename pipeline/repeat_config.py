"""Configuration of what is cut since it stands elsewhere too."""

from typing import Literal

from pydantic import Field

from pipeline.section import Section


class Repeats(Section):
    """Text of kept documents that stands elsewhere too, and is cut; nothing unless asked.

    A line on more than ``site_line_pages`` pages of a host goes from all of them (0: none does). Of
    ``paragraphs``, lines or blocks of lines, every copy but the first goes. Shorter ones than the
    minimum, white space aside, are left alone.
    """

    site_line_pages: int = Field(default=0, ge=0)
    site_line_min_chars: int = Field(default=1, ge=1)
    paragraphs: Literal["off", "lines", "blocks"] = "off"
    paragraph_min_chars: int = Field(default=100, ge=1)

    @property
    def wanted(self) -> bool:
        """Whether anything is cut."""
        return self.site_line_pages > 0 or self.paragraphs != "off"

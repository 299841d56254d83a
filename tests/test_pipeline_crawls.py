"""What a crawl is, by the archive's name, and the scopes made of it."""

import pyarrow as pa
import pytest

from pipeline import config
from pipeline.crawls import SCOPES, crawl_of, scopes
from pipeline.errors import ConfigError

NAMES = [
    (
        "crawl-data/CC-MAIN-2024-10/segments/1707947473347.0/warc/"
        "CC-MAIN-20240220211055-20240221001055-00000.warc.gz",
        "CC-MAIN-2024-10",
    ),
    ("CC-MAIN-2013-20/a.warc.gz", "CC-MAIN-2013-20"),
    ("crawl-data/CC-MAIN-2009-2010/segments/x/y.arc.gz", "CC-MAIN-2009-2010"),
    ("crawl-data/CC-MAIN-2012/segments/x/y.arc.gz", "CC-MAIN-2012"),
    ("crawl-data/CC-NEWS/2016/09/CC-NEWS-20160926211809-00000.warc.gz", "CC-NEWS/2016/09"),
    ("CC-MAIN-20240220211055-20240221001055-00000.warc.gz", ""),
    ("warc/CC-MAIN-20240220211055-20240221001055-00000.warc.gz", "warc"),
    ("wide00015/2016/x.warc.gz", "wide00015"),
    ("IAH-20080430204825-00000.warc.gz", ""),
    ("", ""),
]


@pytest.mark.parametrize(("name", "crawl"), NAMES)
def test_crawls_by_their_names(name, crawl):
    assert crawl_of(name) == crawl


def test_a_pattern_of_ones_own_names_its_first_group():
    assert crawl_of("x/IAH-20080430204825-00000.warc.gz", r"IAH-(\d{6})") == "200804"
    assert crawl_of("x/IAH-20080430204825-00000.warc.gz", r"IAH-\d{4}") == "IAH-2008"
    assert crawl_of("x/other.warc.gz", r"IAH-(\d{6})") == "x"
    assert crawl_of("x/IAH.warc.gz", r"IAH(-\d{6})?") == ""


def test_scopes_of_a_batch():
    batch = pa.record_batch(
        {
            "lang": ["fin_Latn", "fin_Latn", "ell_Grek", None],
            "warc_file": ["CC-MAIN-2024-10/a", "CC-MAIN-2024-18/a", "CC-MAIN-2024-10/a", "b"],
        }
    )
    found = {scope: scopes(batch, scope).to_pylist() for scope in SCOPES}
    assert found["global"] == ["all"] * 4
    assert found["language"] == ["fin_Latn", "fin_Latn", "ell_Grek", None]
    assert len(set(found["crawl"])) == 4
    again = pa.record_batch(
        [c.take(pa.array([0, 0])) for c in batch.columns], names=batch.schema.names
    )
    assert len(set(scopes(again, "crawl").to_pylist())) == 1


def test_a_pattern_that_is_none_is_refused(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('[duplicates]\nscope = "crawl"\ncrawl_pattern = "("\n')
    with pytest.raises(ConfigError, match="crawl_pattern is no regular expression"):
        config.load(None, str(own))

"""One Spark session for the whole run, and the archives in ../shared/data where they are."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A local session as the jobs make it, with two cores and little memory."""
    from jobs.session import session

    built = session("local[2]", "corpusmill-tests")
    yield built
    built.stop()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder ../shared/data; the test is skipped where it is absent."""
    data = SHARED / "data"
    if not data.is_dir():
        pytest.skip("needs the archives in ../shared/data")
    return data


def response_record(url, body, media_type="text/html; charset=utf-8", **headers):
    """One response as a gzip member."""
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=True)
    fields = [("Content-Type", media_type), *headers.items()]
    http_headers = StatusAndHeaders("200 OK", fields, protocol="HTTP/1.1")
    made = writer.create_warc_record(
        url, "response", payload=io.BytesIO(body), http_headers=http_headers,
        warc_headers_dict={"WARC-Date": "2025-03-01T00:00:00Z"},
    )  # fmt: skip
    writer.write_record(made)
    return buffer.getvalue()

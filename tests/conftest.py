"""One Spark session for the whole run, and the archives in ../shared/data where they are."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

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

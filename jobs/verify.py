"""``corpusmill verify``: recount an output folder."""

from pyspark.sql import SparkSession

from jobs.session import watched
from pipeline.files import Folder
from pipeline.verification import Difference, verify


def run(spark: SparkSession, folder: Folder) -> list[Difference]:
    """Everything that does not add up."""
    return watched(spark, "verify", lambda: verify(spark, folder))

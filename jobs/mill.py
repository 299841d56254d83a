"""``corpusmill mill``, and ``spark-submit jobs/mill.py``: archives in, corpus out."""

import sys
from collections.abc import Sequence
from typing import NamedTuple

from pyspark.sql import SparkSession

from jobs import curate, deduplicate, extract
from jobs.selecting import Chosen
from pipeline.config import Config
from pipeline.files import Folder
from pipeline.stages import Stage


class Milled(NamedTuple):
    """The three finished stages."""

    extracted: Stage
    deduplicated: Stage
    curated: Stage


def run(
    spark: SparkSession,
    config: Config,
    folder: Folder,
    inputs: Sequence[str],
    chosen: Chosen | None = None,
) -> Milled:
    """All three stages; those that nothing changed for are taken as they are."""
    return Milled(
        extract.run(spark, config, folder, inputs, chosen),
        deduplicate.run(spark, config, folder),
        curate.run(spark, config, folder),
    )


if __name__ == "__main__":
    from jobs.cli import main

    main(["mill", *sys.argv[1:]])

"""The figures of duplicates.py as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any


def report(
    facts: Sequence[str], rows: Sequence[Any], curves: Mapping[Any, Any], seeds: int
) -> list[str]:
    return [
        "# Duplicates beside the truth",
        "",
        "Made by `benchmarks/duplicates.py`: the exact Jaccard similarity of every pair of texts,",
        "by brute force, then the clusters the Spark stage makes of them, and their candidates.",
        "",
        *(f"- {fact}" for fact in facts),
        "",
        "## Clusters",
        "",
        "Recall: pairs of at least that similarity that are in one cluster. Precision: pairs in",
        "one cluster that have J ≥ 0.6, or that a chain of such pairs joins; beside it, those that",
        "have it themselves. J is over the shingles of the preset; in scope language, pairs are of",
        "one language. Texts with the same words are one before anything else.",
        "",
        "| preset | scope | shingle | bands × rows | check | pairs J ≥ 0.8 | recall "
        "| pairs J ≥ 0.9 | recall | clusters | pairs in them | precision | directly |",
        "|---|---|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
        *(_cluster_row(row) for row in rows),
        "",
        "## Candidates",
        "",
        "How many pairs share a band, beside 1 − (1 − J^rows)^bands, averaged over the same pairs.",
        f"Real pairs: {seeds} draws of the hash functions; the error is that of their mean.",
        "Synthetic: random sets of 100 shingles together, every pair its own. z counts errors. The",
        "candidates of fineweb and fineweb2 are those of the default.",
        *(line for preset, kinds in curves.items() for line in _curve(preset, kinds)),
    ]


def _cluster_row(row: Any) -> str:
    preset = row.preset
    check = preset.check
    if check != "none":
        check += f" ≥ {preset.minimum_similarity:g}"
    recalls = [
        cell
        for pairs, recall in zip(row.pairs, row.recalls, strict=True)
        for cell in (f"{pairs:,}", f"{recall:.4f}")
    ]
    cells = [
        preset.name, row.scope, f"{preset.shingling.length} {preset.shingling.unit}",
        f"{preset.bands} × {preset.rows}", check, *recalls, f"{row.clusters:,}",
        f"{row.clustered:,}", f"{row.precision:.4f}", f"{row.direct:.4f}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def _curve(preset: Any, kinds: Any) -> list[str]:
    real, synthetic = kinds
    lines = ["", f"### {preset.name}: {preset.bands} × {preset.rows}", ""]
    lines += ["| real pairs, J | pairs | expected | found | error | z | stored seed |"]
    lines += ["|---|---:|---:|---:|---:|---:|---:|"]
    lines += [f"{_point(point)} {point.own:.5f} |" for point in real]
    lines += ["", "| synthetic pairs, J | pairs | expected | found | error | z |"]
    lines += ["|---|---:|---:|---:|---:|---:|", *(_point(point) for point in synthetic)]
    return lines


def _point(point: Any) -> str:
    return (
        f"| {point.where} | {point.pairs:,} | {point.expected:.5f} | {point.found:.5f} "
        f"| {point.error:.5f} | {point.z:+.1f} |"
    )

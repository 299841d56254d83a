"""What ``pipeline.precheck.check`` refuses or changes of ordinary pages, by reason."""

import argparse
from collections import Counter
from pathlib import Path

from pipeline import charset, config, precheck
from pipeline.extraction import Range, screened_records

DATA = Path(__file__).parents[2] / "shared" / "data"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    chosen = parser.parse_args()
    files = chosen.files or sorted([*DATA.glob("*/pages.warc.gz"), *DATA.glob("warc/*/*")])
    pages, found, settings = 0, Counter(), config.load()
    for path in files:
        size = path.stat().st_size
        for _, page in screened_records(Range(str(path), path.name, size, "", 0, size), settings):
            if page is None or page.header["kind"] != "html":
                continue
            pages += 1
            text = charset.decode(page.body, page.header["header_charset"], is_html=True).text
            checked = precheck.check(text)
            found.update({checked.refused} - {None})
            found.update(set(checked.reasons))
    print(f"{pages:,} HTML pages of {len(files)} archives\n")
    print("| reason | pages | kind |\n|---|---:|---|")
    for reason in (*precheck.REFUSALS, *precheck.REASONS):
        kind = "refused" if reason in precheck.REFUSALS else "changed"
        print(f"| {reason} | {found[reason]:,} | {kind} |")


if __name__ == "__main__":
    main()

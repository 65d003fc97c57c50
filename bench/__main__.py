"""Run the benchmarks and write docs/results/bench.json: python -m bench [NAME …].

With names, such as `python -m bench reviews`, only those run and replace their rows.
"""

import json
import logging
import sys

from bench import api, forecasting, photos, results, reviews, runs

BENCHMARKS = {
    module.__name__.removeprefix("bench."): module
    for module in (runs, forecasting, reviews, photos, api)
}

logger = logging.getLogger("bench")


def main() -> None:
    """Run the benchmarks one after the other."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logger.setLevel(logging.INFO)
    rows: list[results.Row] = []
    for name in sys.argv[1:] or BENCHMARKS:
        logger.info("%s …", name)
        try:
            measured = BENCHMARKS[name].measure()
        except RuntimeError as error:  # a requirement is missing
            logger.warning("  skipped: %s", error)
            continue
        for row in measured:
            logger.info("  %s: %s %s (%s)", row["what"], row["value"], row["unit"], row["beside"])
        rows += measured
    if sys.argv[1:]:
        new = {row["what"] for row in rows}
        old = json.loads((results.FOLDER / "bench.json").read_text(encoding="utf-8"))["rows"]
        rows = [*(row for row in old if row["what"] not in new), *rows]
    logger.info("Written to %s", results.write("bench", rows, "the embedded sample"))


if __name__ == "__main__":
    main()

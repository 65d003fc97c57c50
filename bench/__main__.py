"""Run the benchmarks and write docs/results/bench_NAME.json: python -m bench [NAME …]."""

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
    for name in sys.argv[1:] or BENCHMARKS:
        logger.info("%s …", name)
        try:
            rows = BENCHMARKS[name].measure()
        except RuntimeError as error:  # a requirement is missing
            logger.warning("  skipped: %s", error)
            continue
        for row in rows:
            logger.info("  %s: %s %s (%s)", row["what"], row["value"], row["unit"], row["beside"])
        logger.info("Written to %s", results.write(f"bench_{name}", rows, "the embedded sample"))


if __name__ == "__main__":
    main()

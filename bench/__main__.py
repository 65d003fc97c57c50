"""Measure everything and write docs/results/bench.json: python -m bench.

With names (`python -m bench reviews`) only those are measured, and their rows take the places of
the old ones.
"""

import json
import logging
import platform
import sys
from pathlib import Path

from bench import api, forecasting, photos, reviews, runs, statistical
from triptych.registry.provenance import git_commit

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "results" / "bench.json"

logger = logging.getLogger("bench")


def main() -> None:
    """Run the benches one after the other, so that none disturbs another."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logger.setLevel(logging.INFO)
    every = {bench.__name__.split(".")[-1]: bench
             for bench in (runs, forecasting, statistical, reviews, photos, api)}  # fmt: skip
    chosen = sys.argv[1:] or list(every)
    rows = []
    for bench in (every[name] for name in chosen):
        logger.info("%s …", bench.__name__)
        try:
            measured = bench.measure()
        except RuntimeError as error:  # what it needs is missing: say so, and measure the rest
            logger.warning("  left out: %s", error)
            continue
        for row in measured:
            logger.info("  %s: %s %s (%s)", row["what"], row["value"], row["unit"], row["beside"])
            rows.append(row)
    if set(chosen) != set(every):
        again = {row["what"] for row in rows}
        old = json.loads(FILE.read_text())["rows"]
        rows = [*(row for row in old if row["what"] not in again), *rows]
    result = {
        "rows": rows,
        "data": "the embedded sample",
        "commit": git_commit(ROOT),
        "versions": {"python": platform.python_version(), "machine": platform.machine()},
    }
    FILE.write_text(json.dumps(result, indent=2) + "\n")
    logger.info("Written to %s", FILE.relative_to(ROOT))


if __name__ == "__main__":
    main()

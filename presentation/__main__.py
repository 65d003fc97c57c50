"""Write docs/presentation.html and the diagrams of README and slides."""

import logging

from presentation.deck import FILE, render
from presentation.drawings import ARCHITECTURE, DELIVERY, draw
from presentation.sources import ROOT, Sources

logger = logging.getLogger("presentation")


def main() -> None:
    """Write all files; deterministic for the same sources."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for drawing in (ARCHITECTURE, DELIVERY):
        (ROOT / "docs" / drawing.file).write_text(draw(drawing), encoding="utf-8")
    sources = Sources()
    page = render(sources)
    FILE.write_text(page, encoding="utf-8")
    for missing in sources.missing:
        logger.warning("%s is not there: the slides say so", missing)
    logger.info("Written to %s, %.0f kB", FILE.relative_to(ROOT), len(page) / 1000)


if __name__ == "__main__":
    main()

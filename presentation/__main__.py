"""Write docs/presentation.html and the drawings that README and slides show."""

import logging

from presentation.deck import FILE, render
from presentation.drawings import ARCHITECTURE, DELIVERY, draw
from presentation.sources import ROOT, Sources

logger = logging.getLogger("presentation")


def main() -> None:
    """Write all of it anew; the same sources give the same bytes."""
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

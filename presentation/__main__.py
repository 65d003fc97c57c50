"""Write docs/presentation.html and the diagrams of README and slides."""

import logging

from presentation.deck import FILE, render
from presentation.drawings import ARCHITECTURE, DELIVERY, draw
from presentation.sources import ROOT, Sources

logger = logging.getLogger("presentation")


def main() -> None:
    """Write all files; deterministic for the same sources."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    sources = Sources()
    page = render(sources)
    drawings = (ARCHITECTURE, DELIVERY)
    texts = {ROOT / "docs" / drawing.file: draw(drawing) for drawing in drawings} | {FILE: page}
    for file, text in texts.items():
        # a file that stays the same may be read by tests meanwhile
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
    for missing in sources.missing:
        logger.warning("%s is not there: the slides say so", missing)
    logger.info("Written to %s, %.0f kB", FILE.relative_to(ROOT), len(page) / 1000)


if __name__ == "__main__":
    main()

"""Which form of an answer a request takes: JSON or CSV, by its Accept header."""

import re

from api.problems import MAX_SHOWN
from api.refusals import refuse_media

JSON = "application/json"
CSV = "text/csv"
_OFFERED = (JSON, CSV)  # the first of equals
_QUALITY = re.compile(r"\s*q\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*", re.IGNORECASE)


def choose_media(accept: str) -> str:
    """Choose the form that an Accept header likes best (RFC 9110, section 12.5.1).

    Args:
        accept: the header; an empty one takes anything.

    Raises:
        ProblemError: 406, it takes none of them.
    """
    if accept in {"", "*/*", JSON}:
        return JSON
    taken = _read(accept)
    quality = {media: _judge(media, taken) for media in _OFFERED}
    best = max(_OFFERED, key=lambda media: quality[media])
    if quality[best] > 0:
        return best
    raise refuse_media(accept[:MAX_SHOWN], " or ".join(_OFFERED))


def _read(accept: str) -> dict[str, float]:
    ranges = {}
    for part in accept.split(","):
        media, *parameters = part.split(";")
        found = [match[1] for each in parameters if (match := _QUALITY.fullmatch(each))]
        ranges[media.strip().lower()] = float(found[0]) if found else 1.0
    return ranges


def _judge(media: str, taken: dict[str, float]) -> float:
    """The most specific range that fits counts."""
    fitting = (media, f"{media.split('/', maxsplit=1)[0]}/*", "*/*")
    return next((taken[each] for each in fitting if each in taken), 0.0)

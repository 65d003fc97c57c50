"""What a model is called: after the locations that it forecasts."""

import hashlib
from collections.abc import Collection

_SPELT_OUT = 3
_LONGEST = 64  # the column models.name


def model_name(locations: Collection[str]) -> str:
    """Name a model after its locations: studies of other places do not replace each other.

    Args:
        locations: slugs, in any order.

    Returns:
        `temperature-brest-paris` for up to three, `temperature-12-locations-1f0a3c5d` for more
        (and where the slugs are too long): the last part is a digest of the sorted slugs.
    """
    slugs = sorted(set(locations))
    spelt_out = "-".join(["temperature", *slugs])
    if len(slugs) <= _SPELT_OUT and len(spelt_out) <= _LONGEST:
        return spelt_out
    digest = hashlib.sha256("\n".join(slugs).encode()).hexdigest()
    return f"temperature-{len(slugs)}-locations-{digest[:8]}"

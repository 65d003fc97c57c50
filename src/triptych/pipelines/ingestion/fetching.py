"""What requests for the reanalysis and for weather models share: budget, refusals, ids."""

import hashlib
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import pandas as pd

from triptych.parameters.forecasting import IngestionParameters
from triptych.pipelines.ingestion.requests import Pacer, Request, describe_budget, shared_pacer
from triptych.weather.errors import InvalidResponse, LocationError, SourceRefused
from triptych.weather.locations import Location, SourceKind

logger = logging.getLogger(__name__)

NO_DATA = "No data is available"  # the refusal of a location outside the model's domain
_OUT_OF_RANGE = "out of allowed range"  # of days, for whichever model and location

_Response = TypeVar("_Response")
Models = tuple[str, ...]
Refusal = SourceRefused | InvalidResponse


def make_pacer(
    requests: Sequence[Request], source: SourceKind, ingestion: IngestionParameters
) -> Pacer:
    """Return the pacer of the source; log what the requests cost if it counts calls."""
    if not requests or source != "open_meteo":
        return Pacer(None)
    weights = [request.weight for request in requests]
    logger.info("%s", describe_budget(weights, ingestion.limits))
    return shared_pacer(ingestion.limits)


def fetch_parts(
    ask: Callable[[Sequence[Location], Models], Iterable[_Response]],
    places: Sequence[Location],
    models: Models,
) -> Iterator[tuple[Sequence[Location], Models, list[_Response] | Refusal]]:
    """Request everything at once; what is refused, in smaller parts: one fault fails alone. Yields
    locations, models, and a response for each location or the refusal.
    """
    try:
        responses = list(ask(places, models))
    except (SourceRefused, InvalidResponse) as error:
        unknown = names_unknown(models, error)
        parts: list[tuple[Sequence[Location], Models]] = []
        if unknown and len(unknown) < len(models):
            yield places, unknown, error
            parts = [(places, tuple(m for m in models if m not in unknown))]
        elif not unknown and _OUT_OF_RANGE not in str(error):
            if len(places) > 1 and (len(models) == 1 or NO_DATA in str(error)):
                parts = [([place], models) for place in places]
            elif len(models) > 1:
                parts = [(places, (model,)) for model in models]
        if not parts:
            yield places, models, error
        for part in parts:
            yield from fetch_parts(ask, *part)
    else:
        yield places, models, responses


def names_unknown(models: Models, error: Exception) -> Models:
    """Return the models that a refusal names as unknown."""
    return tuple(m for m in models if re.search(rf"String value {m}\b", str(error)))


def with_id(rejected: pd.DataFrame) -> pd.DataFrame:
    """Identify rejected rows by their content: the same row rejected again is the same row."""
    parts = rejected[["source", "location", "time", "reason", "row"]].astype(str)
    contents = ("|".join(part) for part in parts.itertuples(index=False))
    return rejected.assign(id=[hashlib.sha256(c.encode()).hexdigest() for c in contents])


def to_places(locations: pd.DataFrame, source: SourceKind) -> dict[str, Location]:
    """Return the rows of the table `locations` by slug; LocationError if one has another source."""
    rows: list[dict[Any, Any]] = locations.rename(columns={"location": "slug"}).to_dict("records")
    places = {row["slug"]: Location.model_validate(row) for row in rows}
    for place in places.values():
        if place.source != source:
            raise LocationError(
                f"Location {place.slug!r} has the source {place.source}, but this run uses "
                f"{source}. Nothing was fetched. Name locations of the run's `source`."
            )
    return places

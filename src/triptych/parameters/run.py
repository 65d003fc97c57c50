"""All parameters of a run, checked together before its first node."""

from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from textwrap import shorten
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from triptych.errors import ParameterError
from triptych.parameters import forecasting
from triptych.parameters.base import UNKNOWN_NAME, Parameters, walk
from triptych.parameters.reviews import ReviewParameters
from triptych.parameters.vision import VisionParameters
from triptych.pipelines.ts_common.periods import parse_as_of
from triptych.weather.locations import SourceKind

_SHOWN = 80  # characters of a wrong value
_LISTED = 12  # names
_REMEDY = "Correct --params or the configuration; conf/base/parameters*.yml has every name."


def _check_date(today: Any) -> Any:
    date.fromisoformat(str(today))
    return today


class RunParameters(Parameters):
    """Every parameter that conf/base names; nodes take single values as they are, hence strict."""

    as_of: Any  # a date or an instant, of text or of YAML
    today: Annotated[Any, AfterValidator(_check_date)]
    location: Annotated[str | None, Field(strict=True)]
    source: SourceKind
    horizon_days: Annotated[int, Field(ge=1, strict=True)]
    seed: Annotated[int, Field(ge=0, strict=True)]
    vectors_file: Annotated[str | None, Field(strict=True)]
    forecast: forecasting.ForecastParameters
    registry: forecasting.RegistryParameters
    engine: forecasting.EngineParameters
    ingestion: forecasting.IngestionParameters
    recent: forecasting.RecentParameters
    nwp: forecasting.NwpParameters
    preprocessing: forecasting.PreprocessingParameters
    exploration: forecasting.ExplorationParameters
    models: forecasting.ModelParameters
    tuning: forecasting.TuningParameters
    statistical: forecasting.StatisticalParameters
    batch_inference: forecasting.BatchParameters
    monitoring: forecasting.MonitoringParameters
    nlp: ReviewParameters
    vision: VisionParameters

    @model_validator(mode="after")
    def _agree(self) -> Self:
        parse_as_of(self.as_of, str(self.today))
        unknown = sorted(set(self.tuning.models) - set(self.models.learned))
        if unknown:
            raise ParameterError(
                f"Parameter tuning.models names {', '.join(unknown)}, but the study compares "
                f"{', '.join(self.models.learned)} (models.learned). Correct one of the two."
            )
        return self


def check_parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """Check names at every level, types and rules; ParameterError names all that are wrong.

    Returns the parameters, those of `nlp` and `vision` as their nodes take them.
    """
    try:
        checked = RunParameters.model_validate(given)
    except ValidationError as error:
        messages = dict.fromkeys(_explain(fault, given) for fault in error.errors())
        raise ParameterError(f"{' '.join(messages)} {_REMEDY}") from error
    return {**given, **checked.model_dump(include={"nlp", "vision"}, exclude_unset=True)}


def _explain(fault: ErrorDetails, given: Mapping[str, Any]) -> str:
    path = ".".join(str(part) for part in fault["loc"])
    context = fault.get("ctx", {})
    if fault["type"] == UNKNOWN_NAME:
        prefix = f"{path}." if path else ""
        known = [f"{prefix}{name}" for name in context["known"]]
        return " ".join(_unknown(f"{prefix}{name}", known, given) for name in context["names"])
    text = str(context["error"]) if fault["type"] == "value_error" else fault["msg"]
    found = fault["input"]
    shown = "" if isinstance(found, Mapping) else f" Found {shorten(repr(found), _SHOWN)}."
    return f"Parameter {path}: {text.rstrip('.')}.{shown}"


def _unknown(name: str, known: list[str], given: Mapping[str, Any]) -> str:
    """Suggest a name like this one at its level, or the same name at another level."""
    last = name.rpartition(".")[2]
    by_last = {path.rpartition(".")[2]: path for path in known}
    close = [by_last[match] for match in get_close_matches(last, by_last, n=1)]
    close = close or [p for p, _ in walk(given) if p.endswith(f".{last}") and p != name]
    if close:
        return f"Unknown parameter `{name}`. Did you mean {' or '.join(f'`{n}`' for n in close)}?"
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    return f"Unknown parameter `{name}`. There are: {', '.join(known[:_LISTED])}{more}."

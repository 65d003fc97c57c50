"""What all groups of parameters have in common."""

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

UNKNOWN_NAME = "unknown_name"  # the type of the error, which run.py explains

Count = Annotated[int, Field(ge=1)]


def _drop_null(value: Any) -> Any:
    """Drop entries that are null: a merged environment can remove an entry only in this way."""
    if isinstance(value, dict):
        return {name: entry for name, entry in value.items() if entry is not None}
    return value


WithoutNull = BeforeValidator(_drop_null)


def check_names(given: Any, known: Collection[str], prefix: str = "") -> Any:
    """Reject names that are not known; run.py suggests the intended ones."""
    names = [f"{prefix}{n}" for n in given if n not in known] if isinstance(given, dict) else []
    if names:
        context = {"names": names, "known": [f"{prefix}{name}" for name in known]}
        raise PydanticCustomError(UNKNOWN_NAME, "there is no parameter {names}", context)
    return given


def walk(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value by its dotted name, also the groups."""
    for name, value in tree.items():
        yield f"{prefix}{name}", value
        if isinstance(value, Mapping):
            yield from walk(value, f"{prefix}{name}.")


class Parameters(BaseModel):
    """A group of parameters; unknown names are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def __str__(self) -> str:
        """The name of the group: kedro-mlflow logs this text, and the hook logs each field."""
        return type(self).__name__

    @model_validator(mode="before")
    @classmethod
    def _reject_unknown_names(cls, given: Any) -> Any:
        return check_names(given, cls.model_fields)

"""What all groups of parameters have in common."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from triptych.parameters.known_names import check_names

Count = Annotated[int, Field(ge=1)]


def _drop_null(value: Any) -> Any:
    """Drop entries that are null: a merged environment can remove an entry only in this way."""
    if isinstance(value, dict):
        return {name: entry for name, entry in value.items() if entry is not None}
    return value


WithoutNull = BeforeValidator(_drop_null)


class Parameters(BaseModel):
    """A group of parameters; unknown names are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _check_names(cls, given: Any) -> Any:
        return check_names(given, cls.model_fields)

"""Checks of parameters by the names and defaults of what they set."""

from collections.abc import Collection, Mapping
from typing import Any

from pydantic_core import PydanticCustomError

UNKNOWN_NAME = "unknown_name"  # the type of the error, for who explains it
_KINDS: dict[type, Any] = {
    int: int, float: (int, float), str: str, bool: bool, tuple: (list, tuple),
    type(None): (int, float, type(None)),
}  # fmt: skip


def know_names(given: Any, known: Collection[str], prefix: str = "") -> Any:
    """Refuse a name that is not among those known; run_parameters.py suggests what is meant."""
    names = [name for name in given if name not in known] if isinstance(given, dict) else []
    if names:
        raise PydanticCustomError(
            UNKNOWN_NAME,
            "there is no parameter {told}",
            {
                "told": ", ".join(f"{prefix}{name}" for name in names),
                "names": [f"{prefix}{name}" for name in names],
                "known": [f"{prefix}{name}" for name in known],
            },
        )
    return given


def know_settings(given: Mapping[str, Any], defaults: Mapping[str, Any], prefix: str = "") -> None:
    """Refuse a name that the defaults do not have, and a value of another type than theirs."""
    know_names(dict(given), defaults, prefix)
    for name, value in given.items():
        default = defaults[name]
        kinds: Any = _KINDS.get(type(default), object)
        if not isinstance(value, kinds) or isinstance(value, bool) > isinstance(default, bool):
            raise ValueError(
                f"{prefix}{name} must be like {default!r} ({type(default).__name__}), not {value!r}"
            )

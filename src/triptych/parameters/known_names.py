"""Checks of parameters by the names and defaults of what they set."""

from collections.abc import Collection, Mapping
from typing import Any

from pydantic_core import PydanticCustomError

UNKNOWN_NAME = "unknown_name"  # the type of the error, which run.py explains
_KINDS: dict[type, Any] = {
    int: int, float: (int, float), str: str, bool: bool, tuple: (list, tuple),
    type(None): (int, float, type(None)),
}  # fmt: skip


def check_names(given: Any, known: Collection[str], prefix: str = "") -> Any:
    """Reject names that are not known; run.py suggests the intended ones."""
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


def check_settings(given: Mapping[str, Any], defaults: Mapping[str, Any], prefix: str = "") -> None:
    """Reject names that the defaults do not have, and values of another type than theirs."""
    check_names(dict(given), defaults, prefix)
    for name, value in given.items():
        default = defaults[name]
        kinds: Any = _KINDS.get(type(default), object)
        if not isinstance(value, kinds) or isinstance(value, bool) > isinstance(default, bool):
            raise ValueError(
                f"{prefix}{name} must be like {default!r} ({type(default).__name__}), not {value!r}"
            )

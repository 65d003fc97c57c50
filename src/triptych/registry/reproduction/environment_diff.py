"""What has changed since a run: the code, the packages, the machine, the parameters."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from triptych.registry.run_manifest import RunManifest

_SHOWN = 6
_DATES = {"today", "as_of"}  # without --params they are of the day of the run


def environment_diff(
    record: RunManifest, now: Mapping[str, Any], logged: Mapping[str, str], conf: Mapping[str, Any]
) -> list[str]:
    """Name each change, a line a subject; empty if all is as it was.

    Args:
        record: of the run.
        now: `describe_environment` of today.
        logged: the run's parameters in MLflow, as text.
        conf: the parameters of the run's environment today, without --params.
    """
    code = _differing(record.code, now["code"])
    return [
        *_code(record.git_commit, now["git_commit"], sorted(code)),
        *_line("package versions", _differing(record.packages, now["packages"])),
        *_line("machine", _differing(record.machine, now["machine"])),
        *_line("parameters of the record (the run logged others)", tampered(record, logged)),
        *_line("configuration (the run's own was used)", _reconfigured(record, conf)),
    ]


def _code(then: str, now: str, files: list[str]) -> list[str]:
    if not files:
        return []
    return [f"code: commit {_short(then)} -> {_short(now)}, {_some(files)}"]


def _short(commit: str) -> str:
    return re.sub(r"^([0-9a-f]{12})[0-9a-f]{28}", r"\1", commit)


def _line(subject: str, differing: Mapping[str, tuple[Any, Any]]) -> list[str]:
    parts = [f"{name} {then} -> {now}" for name, (then, now) in differing.items()]
    return [f"{subject}: {_some(parts)}"] if parts else []


def _some(parts: list[str]) -> str:
    more = f" and {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
    return ", ".join(parts[:_SHOWN]) + more


def _differing(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = dict.fromkeys([*then, *now])
    pairs = {name: (then.get(name), now.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def tampered(record: RunManifest, logged: Mapping[str, str]) -> dict[str, tuple[Any, Any]]:
    """Parameters that the record has otherwise than MLflow, where nothing can be rewritten."""
    recorded = {name: str(value) for name, value in _tree(record.parameters)}
    comparable = {
        name: text
        for name, text in logged.items()
        if name in recorded and recorded[name].startswith("{") == text.startswith("{")
    }
    return {
        name: (text, recorded[name])
        for name, text in comparable.items()
        if not _same(text, recorded[name])
    }


def _same(logged: str, recorded: str) -> bool:
    """MLflow cuts long values; a whole number given for a fraction is logged as one (4.0)."""
    if recorded[: len(logged)] == logged:
        return True
    try:
        return float(logged) == float(recorded)
    except ValueError:
        return False


def _reconfigured(record: RunManifest, conf: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    given = {name for name, _ in _tree(record.runtime_params)} | _DATES
    then, now = dict(_leaves(record.parameters)), dict(_leaves(conf))
    found = _differing(then, now)
    return {name: pair for name, pair in found.items() if name not in given}


def _leaves(tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in _tree(tree) if not (isinstance(value, dict) and value))


def _tree(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a tree by its dotted name, the branches too."""
    for name, value in tree.items():
        yield f"{prefix}{name}", value
        if isinstance(value, Mapping):
            yield from _tree(value, f"{prefix}{name}.")

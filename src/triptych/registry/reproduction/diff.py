"""What differs between a run and today: rows, code, packages, machine, parameters."""

import re
from collections.abc import Mapping
from typing import Any, cast

import pandas as pd

from triptych.parameters.base import walk
from triptych.registry.provenance import RunManifest

_KEY = ["location", "time"]
_SHOWN_ROWS, _SHOWN = 3, 6
_DATES = {"today", "as_of"}  # without --params they are those of the day of the run

Pairs = dict[str, tuple[Any, Any]]


def differing_rows(then: pd.DataFrame, now: pd.DataFrame) -> str:
    """Describe the first rows that differ in two histories `location, time, …` of equal columns."""
    if set(then) != set(now):
        return ""
    one, other = then.set_index(_KEY), now.set_index(_KEY)
    common = one.index.intersection(other.index)
    found = one.loc[common].compare(other.loc[common, one.columns])
    rows = []
    for key, row in found.head(_SHOWN_ROWS).iterrows():
        location, time = cast(tuple[str, pd.Timestamp], key)
        name = row.dropna().index[0][0]
        before, after = float(row[name, "self"]), float(row[name, "other"])
        rows.append(f"{location} {time:%Y-%m-%d %H:%M} {name} {before!r} -> {after!r}")
    more = ", …" if len(found) > _SHOWN_ROWS else ""
    return f"{len(found):,} of {len(common):,} rows differ: {', '.join(rows)}{more}" if rows else ""


def environment_diff(
    manifest: RunManifest,
    now: Mapping[str, Any],
    logged: Mapping[str, str],
    conf: Mapping[str, Any],
) -> list[str]:
    """Describe what has changed since the run of a manifest, one line per subject.

    Args:
        now: `describe_environment` of today.
        logged: the run's parameters in MLflow, as text.
        conf: the parameters of the run's environment today, without --params.
    """
    commits = " -> ".join(
        re.sub(r"^([0-9a-f]{12})[0-9a-f]{28}", r"\1", commit)
        for commit in (manifest.git_commit, now["git_commit"])
    )
    given = {name for name, _ in walk(manifest.runtime_params)} | _DATES
    configured = _differing(_leaves(manifest.parameters), _leaves(conf))
    subjects = {
        f"code: commit {commits},": sorted(_differing(manifest.code, now["code"])),
        "package versions:": _texts(_differing(manifest.packages, now["packages"])),
        "machine:": _texts(_differing(manifest.machine, now["machine"])),
        "parameters of the record (the run logged others):": _texts(tampered(manifest, logged)),
        "configuration (the run's own was used):": _texts(
            {name: pair for name, pair in configured.items() if name not in given}
        ),
    }
    return [
        f"{subject} {', '.join(parts[:_SHOWN])}"
        f"{f' and {len(parts) - _SHOWN} more' if len(parts) > _SHOWN else ''}"
        for subject, parts in subjects.items()
        if parts
    ]


def tampered(manifest: RunManifest, logged: Mapping[str, str]) -> Pairs:
    """Parameters whose value in the manifest differs from MLflow, where none can be rewritten."""
    recorded = {name: str(value) for name, value in walk(manifest.parameters)}
    return {
        name: (text, recorded[name])
        for name, text in logged.items()
        if name in recorded
        and recorded[name].startswith("{") == text.startswith("{")
        and not _same(text, recorded[name])
    }


def _same(logged: str, recorded: str) -> bool:
    """MLflow cuts long values; a whole number given for a fraction is logged as one (4.0)."""
    try:
        return recorded[: len(logged)] == logged or float(logged) == float(recorded)
    except ValueError:
        return False


def _texts(pairs: Pairs) -> list[str]:
    return [f"{name} {then} -> {now}" for name, (then, now) in pairs.items()]


def _differing(then: Mapping[str, Any], now: Mapping[str, Any]) -> Pairs:
    pairs = {name: (then.get(name), now.get(name)) for name in [*then, *now]}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _leaves(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in walk(tree) if not (isinstance(value, dict) and value)}

"""The audit as a table for people."""

from collections.abc import Iterable, Sequence
from statistics import median

from triptych.registry.audit.metrics import Audit

_SHOWN = 5  # runs that cannot be traced
_KILO = 1000
_SHORT = 0.01  # seconds
_LABEL, _FIGURE = 40, 22


def lines(found: Audit) -> list[str]:
    """Say each figure, and of what is not as it should be, why."""
    return [
        *_runs(found),
        "",
        *_traced(found),
        "",
        *_versions(found),
        "",
        *_storage(found),
        "",
        *_times(found),
    ]


def _runs(found: Audit) -> Iterable[str]:
    statuses = ", ".join(f"{n} {name.lower()}" for name, n in sorted(found.statuses.items()))
    yield f"Experiment {found.tracked.experiment} in {found.tracked.shown_uri}"
    yield _line("Runs", str(sum(found.statuses.values())), statuses)
    yield _line("  finished runs that trained", str(len(found.traces)))


def _traced(found: Audit) -> Iterable[str]:
    shares, runs = found.shares, len(found.traces)
    untried = runs - len(found.reproductions)
    hint = f"{untried} not tried: kedro model audit --reproduce" if untried else ""
    seconds = [status.seconds for status in found.reproductions.values()]
    yield "Training runs that can be traced"
    yield _line("  to a clean commit", _share(shares["commit"], runs))
    yield _line("  to their data: digest, stored rows", _share(shares["data"], runs))
    yield _line("  to their parameters", _share(shares["parameters"], runs))
    yield _line("  to all three", _share(shares["all three"], runs))
    yield _line("Reproduced bit for bit", _share(shares["reproduced"], runs), hint)
    yield _line("  time of a reproduction", _times_of(seconds))
    untraced = [trace for trace in found.traces if not trace.complete]
    for trace in untraced[-_SHOWN:]:
        why = [text for text in (trace.commit, trace.data, trace.parameters) if text]
        yield f"  {trace.run_id[:12]}: {'; '.join(why)}"
    if len(untraced) > _SHOWN:
        yield f"  and {len(untraced) - _SHOWN} older ones (--json lists all)"


def _versions(found: Audit) -> Iterable[str]:
    opened, broken = len(found.access.load), found.access.broken
    yield "Versions"
    yield _line("  files open, digest as registered", _share(opened, opened + len(broken)))
    yield _line("  changes of stage with name and reason", _share(found.approved, found.changes))
    yield from (f"  {text}" for text in broken[:_SHOWN])


def _storage(found: Audit) -> Iterable[str]:
    sizes, rows = found.run_sizes, found.rows
    yield "Storage"
    each = f"median {_bytes(median(sizes))}" if sizes else "none"
    yield _line("  MLflow files of a run", each, f"{_bytes(sum(sizes))} in all")
    stored = f"{_bytes(rows.stored)} stored"
    told = f"{_bytes(rows.referenced)} if each run had its own: {rows.saved:.0%} saved"
    yield _line("  training rows", stored, told)
    size = "on the server" if found.store is None else _bytes(found.store)
    yield _line("  MLflow's database", size)


def _times(found: Audit) -> Iterable[str]:
    access = found.access
    yield "Time"
    yield _line("  to find the version in production", _times_of(access.find_live))
    yield _line("  to find the run of a version", _times_of(access.find_run))
    yield _line("  to load a version, checked", _times_of(access.load))


def _line(label: str, figure: str, remark: str = "") -> str:
    return f"{label:{_LABEL}}{figure:{_FIGURE}}{remark}".rstrip()


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.0%})" if whole else "none yet"


def _times_of(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none yet"
    return f"median {_time(median(seconds))}, longest {_time(max(seconds))}"


def _time(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * _KILO:.2g} ms" if seconds < _SHORT else f"{seconds * _KILO:.0f} ms"


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < _KILO:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= _KILO
    return f"{size:.1f} GB"

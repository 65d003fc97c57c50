"""The result of a reproduction as text."""

from dataclasses import dataclass

from triptych.registry.reproduction.retrain import Result

_SHOWN = 10  # metrics that differ


@dataclass(frozen=True)
class Reproduction:
    """The results of a run and of its retraining; `changes` since then, one line per subject."""

    run_id: str
    title: str
    recorded: Result
    retrained: Result
    changes: list[str]

    @property
    def equal(self) -> bool:
        """Whether every digest and every metric is the same, bit for bit."""
        return not (self.differing_digests or self.differing_metrics)

    @property
    def differing_digests(self) -> list[str]:
        """The models and rows with other contents."""
        now = self.retrained.digests
        return [name for name, sha in self.recorded.digests.items() if now.get(name) != sha]

    @property
    def differing_metrics(self) -> list[tuple[str, int]]:
        """The metrics and steps whose value differs, is missing or is new."""
        then, now = self.recorded.metrics, self.retrained.metrics
        return [key for key in dict.fromkeys([*then, *now]) if then.get(key) != now.get(key)]


def summary(found: Reproduction) -> str:
    """Return one line."""
    if found.equal:
        return f"{found.run_id}  reproduced  {found.title}"
    differing = [*found.differing_digests]
    if found.differing_metrics:
        differing.append(f"{len(found.differing_metrics):,} metrics")
    return f"{found.run_id}  DIFFERS     {found.title}: {', '.join(differing)}"


def lines(found: Reproduction) -> list[str]:
    """Return what was compared, what differs, and what has changed since."""
    then, now = found.recorded, found.retrained
    differing = found.differing_metrics
    table = [
        (name, sha[:12], now.digests.get(name, "none")[:12],
         "DIFFERS" if name in found.differing_digests else "same")
        for name, sha in then.digests.items()
    ]  # fmt: skip
    same = f"{len(differing):,} DIFFER" if differing else "same, every one"
    table.append(("values of metrics", f"{len(then.metrics):,}", f"{len(now.metrics):,}", same))
    more = len(differing) - _SHOWN
    return [
        f"Run {found.run_id} ({found.title}), retrained from its manifest",
        "",
        f"{'':26}{'recorded':14}{'again':14}",
        *(f"{name:26}{before:14}{after:14}{result}" for name, before, after, result in table),
        "",
        *(f"Changed since: {change}" for change in found.changes),
        *(
            f"{name} at step {step}: "
            f"{then.metrics.get((name, step))!r} -> {now.metrics.get((name, step))!r}"
            for name, step in differing[:_SHOWN]
        ),
        *([f"… and {more:,} more"] if more > 0 else []),
        _conclusion(found),
    ]


def _conclusion(found: Reproduction) -> str:
    if found.equal:
        return "Reproduced bit for bit."
    if found.changes:
        return "NOT reproduced. What has changed since is above."
    return (
        "NOT reproduced. Rows, parameters, code, packages and machine are those of the run: the "
        "training itself does not give the same twice here."
    )

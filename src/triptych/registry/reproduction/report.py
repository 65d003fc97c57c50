"""A reproduction in words: a table of what was compared, and what has changed since."""

from dataclasses import dataclass

from triptych.registry.reproduction.result import Result

_SHOWN = 10  # metrics that differ
_DIGITS = 12


@dataclass(frozen=True)
class Reproduction:
    """A run beside what its record gives today.

    Attributes:
        title: the run, for people.
        changes: what has changed since, a line a subject.
    """

    run_id: str
    title: str
    recorded: Result
    retrained: Result
    changes: list[str]

    @property
    def equal(self) -> bool:
        """Whether every digest and every metric of the run came out again, bit for bit."""
        return not (self.differing_digests or self.differing_metrics)

    @property
    def differing_digests(self) -> list[str]:
        """What has other files or rows."""
        again = self.retrained.digests
        return [name for name, sha in self.recorded.digests.items() if again.get(name) != sha]

    @property
    def differing_metrics(self) -> list[tuple[str, int]]:
        """The metrics and steps whose value is another, is gone or is new."""
        then, now = self.recorded.metrics, self.retrained.metrics
        return [key for key in dict.fromkeys([*then, *now]) if then.get(key) != now.get(key)]


def lines(found: Reproduction) -> list[str]:
    """Say what was compared, what differs, and why it may."""
    return [
        f"Run {found.run_id} ({found.title}), retrained from its manifest",
        "",
        f"{'':26}{'recorded':14}{'again':14}",
        *(_digest(found, name) for name in found.recorded.digests),
        _metrics(found),
        "",
        *(f"Changed since: {change}" for change in found.changes),
        *_conclusion(found),
    ]


def summary(found: Reproduction) -> str:
    """Say it in one line."""
    if found.equal:
        return f"{found.run_id}  reproduced  {found.title}"
    what = [*found.differing_digests]
    if found.differing_metrics:
        what.append(f"{len(found.differing_metrics):,} metrics")
    return f"{found.run_id}  DIFFERS     {found.title}: {', '.join(what)}"


def _digest(found: Reproduction, name: str) -> str:
    then, now = found.recorded.digests[name], found.retrained.digests.get(name, "none")
    same = "same" if then == now else "DIFFERS"
    return f"{name:26}{then[:_DIGITS]:14}{now[:_DIGITS]:14}{same}"


def _metrics(found: Reproduction) -> str:
    then, now = len(found.recorded.metrics), len(found.retrained.metrics)
    differing = len(found.differing_metrics)
    same = f"{differing:,} DIFFER" if differing else "same, every one"
    return f"{'values of metrics':26}{then:<14,}{now:<14,}{same}"


def _conclusion(found: Reproduction) -> list[str]:
    if found.equal:
        return ["Reproduced bit for bit."]
    shown = [_metric(found, key) for key in found.differing_metrics[:_SHOWN]]
    more = len(found.differing_metrics) - len(shown)
    reason = "What has changed since is above."
    if not found.changes:
        reason = (
            "Rows, parameters, code, packages and machine are those of the run: the training "
            "itself does not give the same twice here."
        )
    return [*shown, *([f"… and {more:,} more"] if more else []), f"NOT reproduced. {reason}"]


def _metric(found: Reproduction, key: tuple[str, int]) -> str:
    then, now = found.recorded.metrics.get(key), found.retrained.metrics.get(key)
    return f"{key[0]} at step {key[1]}: {then!r} -> {now!r}"

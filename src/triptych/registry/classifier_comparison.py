"""Two classifiers on the items that both were judged on: is the newer one better?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from sqlalchemy import Engine, Row, and_, func, select

from triptych.classification.significance import mcnemar
from triptych.errors import PipelineError
from triptych.parameters.operations import RegistryParameters
from triptych.registry.stages import Row as Model
from triptych.store.engine import reading
from triptych.store.tables import image_predictions, text_predictions

PREDICTIONS = {"images": image_predictions, "texts": text_predictions}
_SMALLEST = 1e-15  # a class that was given no probability costs much, not everything


@dataclass(frozen=True)
class Judged:
    """What a version said of the common items: how many are right, and the mean log loss."""

    right: int
    log_loss: float


@dataclass(frozen=True)
class ClassifierComparison:
    """Two versions on common items whose label is known.

    Attributes:
        candidate: the row of `models` that asks to be promoted.
        live: the one in production.
        splits: those that both were judged on.
        n: number of common items.
        of_candidate, of_live: what each said of them.
        only_candidate, only_live: items that one of them alone has right.
        unmatched: items with a known label that only the candidate, and only the other, predicted.
        rule: the evidence that is required.
    """

    candidate: Model
    live: Model
    splits: tuple[str, ...]
    n: int
    of_candidate: Judged
    of_live: Judged
    only_candidate: int
    only_live: int
    unmatched: tuple[int, int]
    rule: RegistryParameters

    @property
    def p_value(self) -> float:
        """McNemar's mid-p value, two-sided."""
        return mcnemar(self.only_candidate, self.only_live)[1]

    @property
    def objection(self) -> str | None:
        """Why this is not enough to replace the version in production; None if it is."""
        if self.only_candidate <= self.only_live:
            return "The candidate is not more accurate"
        if self.p_value >= self.rule.significance:
            return (
                "The improvement is not significant: required is p < "
                f"{self.rule.significance:g} (registry.significance)"
            )
        return None

    def __str__(self) -> str:
        said = [
            f"version {row['version']}{where} has {judged.right:,} right (log loss "
            f"{judged.log_loss:.4f})"
            for row, judged, where in (
                (self.candidate, self.of_candidate, ""),
                (self.live, self.of_live, " (in production)"),
            )
        ]
        left_out = (
            " ({:,} of the candidate and {:,} of the other have no counterpart)".format(
                *self.unmatched
            )
            if any(self.unmatched)
            else ""
        )
        return (
            f"of the same {self.n:,} items of {', '.join(self.splits)}{left_out}, "
            f"{', '.join(said)}; "
            f"{self.only_candidate:,} are right by version {self.candidate['version']} alone, "
            f"{self.only_live:,} by version {self.live['version']} alone (McNemar's mid-p = "
            f"{self.p_value:.3g})"
        )


def compare_classifiers(
    engine: Engine, candidate: Model, live: Model, rule: RegistryParameters
) -> ClassifierComparison:
    """Judge both by the predictions that are stored, on the splits that the metrics of both name.

    Raises:
        PipelineError: they were judged on no common split, or on no common item.
    """
    splits = tuple(sorted(set(candidate["metrics"]) & set(live["metrics"])))
    rows = _read(engine, candidate, live, splits)
    if not rows:
        named = ", ".join(splits) or "none"
        raise PipelineError(
            f"{candidate['name']} versions {candidate['version']} and {live['version']} cannot be "
            f"compared: {PREDICTIONS[candidate['kind']].name} holds no item with a known label "
            f"that both have predicted (splits that both were judged on: {named}). Train again on "
            "the same data"
        )
    truths = [row.true_label for row in rows]
    right = [(row.label == row.true_label, row.live_label == row.true_label) for row in rows]
    return ClassifierComparison(
        candidate,
        live,
        splits,
        len(rows),
        _judge(truths, [(row.label, row.probabilities) for row in rows]),
        _judge(truths, [(row.live_label, row.live_probabilities) for row in rows]),
        right.count((True, False)),
        right.count((False, True)),
        _count_unmatched(engine, candidate, live, splits, len(rows)),
        rule,
    )


def _read(engine: Engine, candidate: Model, live: Model, splits: Sequence[str]) -> list[Row[Any]]:
    """Read what both say of the items that both have, on both sides of the same truth."""
    newer = PREDICTIONS[candidate["kind"]].alias("newer")
    older = PREDICTIONS[live["kind"]].alias("older")
    same = and_(newer.c.item == older.c.item, newer.c.true_label == older.c.true_label)
    statement = (
        select(
            newer.c.true_label,
            newer.c.label,
            newer.c.probabilities,
            older.c.label.label("live_label"),
            older.c.probabilities.label("live_probabilities"),
        )
        .join_from(newer, older, same)
        .where(newer.c.model_id == candidate["model_id"], older.c.model_id == live["model_id"])
        .where(newer.c.split.in_(splits), older.c.split.in_(splits))
    )
    with reading(engine) as connection:
        return list(connection.execute(statement))


def _count_unmatched(
    engine: Engine, candidate: Model, live: Model, splits: Sequence[str], matched: int
) -> tuple[int, int]:
    """Count the labelled items of each that the join leaves out."""
    table = PREDICTIONS[candidate["kind"]].c
    statement = (
        select(table.model_id, func.count())
        .where(table.model_id.in_([candidate["model_id"], live["model_id"]]))
        .where(table.split.in_(splits), table.true_label.is_not(None))
        .group_by(table.model_id)
    )
    with reading(engine) as connection:
        counts = {row[0]: int(row[1]) for row in connection.execute(statement)}
    return counts[candidate["model_id"]] - matched, counts[live["model_id"]] - matched


def _judge(
    truths: Sequence[str], answers: Sequence[tuple[str, Mapping[str, float | None]]]
) -> Judged:
    pairs = list(zip(truths, answers, strict=True))
    right = sum(label == truth for truth, (label, _) in pairs)
    given = [probabilities.get(truth) or 0.0 for truth, (_, probabilities) in pairs]
    return Judged(right, -fmean(math.log(max(p, _SMALLEST)) for p in given))

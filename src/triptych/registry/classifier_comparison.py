"""Comparison of two classifier versions on the items that both were evaluated on."""

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
class Evaluation:
    """What a version said of the common items: how many are right, and the mean log loss."""

    right: int
    log_loss: float


@dataclass(frozen=True)
class ClassifierComparison:
    """Two versions on common items whose label is known.

    Attributes:
        candidate: the row of `models` that asks to be promoted.
        production: the one in production.
        splits: those that both were evaluated on.
        n: number of common items.
        of_candidate, of_production: what each said of them.
        only_candidate, only_production: items that one of them alone has right.
        unmatched: items with a known label that only the candidate, and only the other, predicted.
        rule: the evidence that is required.
    """

    candidate: Model
    production: Model
    splits: tuple[str, ...]
    n: int
    of_candidate: Evaluation
    of_production: Evaluation
    only_candidate: int
    only_production: int
    unmatched: tuple[int, int]
    rule: RegistryParameters

    @property
    def p_value(self) -> float:
        """McNemar's mid-p value, two-sided."""
        return mcnemar(self.only_candidate, self.only_production)[1]

    @property
    def objection(self) -> str | None:
        """Why this is not enough to replace the version in production; None if it is."""
        if self.only_candidate <= self.only_production:
            return "The candidate is not more accurate"
        if self.p_value >= self.rule.significance:
            return (
                "The improvement is not significant: required is p < "
                f"{self.rule.significance:g} (registry.significance)"
            )
        return None

    def __str__(self) -> str:
        said = [
            f"version {row['version']}{where} has {evaluated.right:,} right (log loss "
            f"{evaluated.log_loss:.4f})"
            for row, evaluated, where in (
                (self.candidate, self.of_candidate, ""),
                (self.production, self.of_production, " (in production)"),
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
            f"{self.only_production:,} by version {self.production['version']} alone (McNemar's "
            f"mid-p = {self.p_value:.3g})"
        )


def compare_classifiers(
    engine: Engine, candidate: Model, production: Model, rule: RegistryParameters
) -> ClassifierComparison:
    """Compare the stored predictions of both, on the splits that the metrics of both name.

    Raises:
        PipelineError: they were evaluated on no common split, or on no common item.
    """
    splits = tuple(sorted(set(candidate["metrics"]) & set(production["metrics"])))
    rows = _read(engine, candidate, production, splits)
    if not rows:
        named = ", ".join(splits) or "none"
        raise PipelineError(
            f"{candidate['name']} versions {candidate['version']} and {production['version']} "
            f"cannot be compared: {PREDICTIONS[candidate['kind']].name} holds no item with a "
            f"known label that both have predicted (splits that both were evaluated on: {named}). "
            "Retrain on the same data"
        )
    truths = [row.true_label for row in rows]
    right = [(row.label == row.true_label, row.production_label == row.true_label) for row in rows]
    return ClassifierComparison(
        candidate,
        production,
        splits,
        len(rows),
        _evaluate(truths, [(row.label, row.probabilities) for row in rows]),
        _evaluate(truths, [(row.production_label, row.production_probabilities) for row in rows]),
        right.count((True, False)),
        right.count((False, True)),
        _count_unmatched(engine, candidate, production, splits, len(rows)),
        rule,
    )


def _read(
    engine: Engine, candidate: Model, production: Model, splits: Sequence[str]
) -> list[Row[Any]]:
    """Read what both say of the items that both have, on both sides of the same truth."""
    newer = PREDICTIONS[candidate["kind"]].alias("newer")
    older = PREDICTIONS[production["kind"]].alias("older")
    same = and_(newer.c.item == older.c.item, newer.c.true_label == older.c.true_label)
    statement = (
        select(
            newer.c.true_label,
            newer.c.label,
            newer.c.probabilities,
            older.c.label.label("production_label"),
            older.c.probabilities.label("production_probabilities"),
        )
        .join_from(newer, older, same)
        .where(
            newer.c.model_id == candidate["model_id"], older.c.model_id == production["model_id"]
        )
        .where(newer.c.split.in_(splits), older.c.split.in_(splits))
    )
    with reading(engine) as connection:
        return list(connection.execute(statement))


def _count_unmatched(
    engine: Engine, candidate: Model, production: Model, splits: Sequence[str], matched: int
) -> tuple[int, int]:
    """Count the labelled items of each that the join leaves out."""
    table = PREDICTIONS[candidate["kind"]].c
    statement = (
        select(table.model_id, func.count())
        .where(table.model_id.in_([candidate["model_id"], production["model_id"]]))
        .where(table.split.in_(splits), table.true_label.is_not(None))
        .group_by(table.model_id)
    )
    with reading(engine) as connection:
        counts = {row[0]: int(row[1]) for row in connection.execute(statement)}
    return counts[candidate["model_id"]] - matched, counts[production["model_id"]] - matched


def _evaluate(
    truths: Sequence[str], answers: Sequence[tuple[str, Mapping[str, float | None]]]
) -> Evaluation:
    pairs = list(zip(truths, answers, strict=True))
    right = sum(label == truth for truth, (label, _) in pairs)
    given = [probabilities.get(truth) or 0.0 for truth, (_, probabilities) in pairs]
    return Evaluation(right, -fmean(math.log(max(p, _SMALLEST)) for p in given))

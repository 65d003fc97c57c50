"""A random forest of multi-lead trees, kept as plain arrays."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.features.grid import FloatArray, IntArray
from triptych.forecasting.features.panel import Float32Array, Panel
from triptych.forecasting.models.base import Arrays
from triptych.forecasting.models.learned import LearnedForecaster

KNOTS = np.array([1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 48, 64])
LEAF = -1


class RandomForestForecaster(LearnedForecaster):
    """Random forest (Breiman, Machine Learning 45, 2001, 5-32) pooled over locations; each leaf
    holds all leads.

    Parameters: `trees`, `max_features` (share tried at a split), `min_samples_leaf`, `max_rows`
    learned from (drawn among the origins), `neighbours`. A missing feature counts as normal. Beyond
    the first day the trees hold every few leads, and those between are interpolated.
    """

    name: ClassVar[str] = "random_forest"
    defaults: ClassVar[Mapping[str, Any]] = {
        "trees": 60,
        "max_features": 0.15,
        "min_samples_leaf": 5,
        "max_rows": 15_000,
        "neighbours": 2,
        "threads": 2,
    }

    def _learn(self, panel: Panel, origins: IntArray) -> None:
        from sklearn.ensemble import RandomForestRegressor

        chosen = self._sample(origins, len(panel.grid.locations))
        design = _plain(self.features(panel, chosen)).reshape(-1, len(self.feature_names))
        knots = self._knots()
        target = self.targets(panel, chosen, knots).reshape(-1, len(knots))
        known = np.isfinite(target).all(axis=1)
        forest = RandomForestRegressor(
            n_estimators=self.parameters["trees"],
            max_features=self.parameters["max_features"],
            min_samples_leaf=self.parameters["min_samples_leaf"],
            n_jobs=self.parameters["threads"],
            random_state=self.seed,
        ).fit(design[known], target[known])
        self._importance = np.asarray(forest.feature_importances_, dtype=np.float64)
        self._keep([estimator.tree_ for estimator in forest.estimators_])

    def _sample(self, origins: IntArray, places: int) -> IntArray:
        """Origins at midnight first, others as far as `max_rows` reaches."""
        count = max(1, min(len(origins), int(self.parameters["max_rows"]) // places))
        draw = np.random.default_rng(self.seed).random(len(origins))
        draw[origins % STEPS_PER_DAY == 0] -= 1
        return np.sort(origins[np.argsort(draw, kind="stable")[:count]])

    def _knots(self) -> IntArray:
        inside = KNOTS[self.max_lead > KNOTS]
        return np.asarray(np.append(inside, self.max_lead), dtype=np.int64)

    def _keep(self, trees: list[Any]) -> None:
        """All trees in one set of arrays; children point into it, a leaf has feature LEAF."""
        counts = [tree.node_count for tree in trees]
        starts = np.cumsum([0, *counts[:-1]])
        self._roots = np.asarray(starts, dtype=np.int32)
        shift = np.repeat(starts, counts)
        left = np.concatenate([tree.children_left for tree in trees])
        right = np.concatenate([tree.children_right for tree in trees])
        self._children = np.stack([left + shift, right + shift], axis=1).astype(np.int32)
        feature = np.concatenate([tree.feature for tree in trees])
        self._feature = np.where(left < 0, LEAF, feature).astype(np.int16)
        self._threshold = np.concatenate([tree.threshold for tree in trees])
        self._value = np.concatenate([tree.value[:, :, 0] for tree in trees]).astype(np.float32)

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        design = _plain(self.features(panel, origins))
        flat = design.reshape(-1, design.shape[-1])
        total = np.zeros((len(flat), self._value.shape[1]))
        for root in self._roots:
            total += self._value[self._leaves(flat, int(root))]
        at_knots = (total / len(self._roots)).reshape(*design.shape[:2], -1)
        return _interpolate(at_knots, self._knots(), leads)

    def _leaves(self, design: Float32Array, root: int) -> IntArray:
        node = np.full(len(design), root, dtype=np.int64)
        active = np.flatnonzero(self._feature[node] != LEAF)
        while len(active):
            here = node[active]
            right = design[active, self._feature[here]] > self._threshold[here]
            node[active] = self._children[here, right.astype(np.int64)]
            active = active[self._feature[node[active]] != LEAF]
        return node

    def importance_values(self) -> FloatArray:
        """Share of the reduction of the squared error."""
        return self._importance

    def _learned_arrays(self) -> Arrays:
        return {
            "roots": self._roots,
            "children": self._children,
            "feature": self._feature,
            "threshold": self._threshold,
            "value": self._value,
            "importance": self._importance,
        }

    def _restore_learned(self, arrays: Arrays, texts: Mapping[str, str]) -> None:  # noqa: ARG002
        self._roots, self._children = arrays["roots"], arrays["children"]
        self._feature, self._threshold = arrays["feature"], arrays["threshold"]
        self._value, self._importance = arrays["value"], arrays["importance"]


def _plain(features: Float32Array) -> Float32Array:
    return np.nan_to_num(features, nan=0.0)


def _interpolate(values: FloatArray, knots: IntArray, leads: IntArray) -> FloatArray:
    """Values at `leads` from those at `knots` along the last axis, linearly."""
    after = np.clip(np.searchsorted(knots, leads), 1, max(1, len(knots) - 1))
    before = after - 1
    after = np.minimum(after, len(knots) - 1)
    gap = np.maximum(knots[after] - knots[before], 1)
    share = (leads - knots[before]) / gap
    return np.asarray(values[..., before] * (1 - share) + values[..., after] * share)

"""A random forest of multi-lead trees, stored as plain arrays."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from triptych.forecasting.arrays import Arrays, FloatArray, IntArray, between_knots
from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.features.panel import Panel
from triptych.forecasting.models.anomaly import LearnedForecaster, anomaly_targets

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestRegressor

KNOTS = np.array([1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 48, 64])
LEAF = -1


class RandomForestForecaster(LearnedForecaster):
    """Random forest (Breiman, Machine Learning 45, 2001, 5-32) for all locations and leads.

    Parameters: `trees`, `max_features` (share tried at a split), `min_samples_leaf`, `max_rows`
    learned from, `neighbours`. A missing feature counts as normal. Leads between KNOTS are
    interpolated.
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

    def _fit(self, panel: Panel) -> None:
        from sklearn.ensemble import RandomForestRegressor

        chosen = self._sample(self._training_origins(panel), len(panel.grid.locations))
        design = np.nan_to_num(self.features(panel, chosen)).reshape(-1, len(self.feature_names))
        knots = self._knots()
        target = anomaly_targets(panel, chosen, knots).reshape(-1, len(knots))
        known = np.isfinite(target).all(axis=1)
        own = self.parameters
        sizes = {name: own[name] for name in ("max_features", "min_samples_leaf")}
        forest = RandomForestRegressor(
            own["trees"], n_jobs=own["threads"], random_state=self.seed, **sizes
        )
        self.state |= _arrays(forest.fit(design[known], target[known]))

    def _sample(self, origins: IntArray, places: int) -> IntArray:
        """Origins at midnight first, others as far as `max_rows` reaches."""
        count = max(1, min(len(origins), int(self.parameters["max_rows"]) // places))
        draw = np.random.default_rng(self.seed).random(len(origins))
        draw[origins % STEPS_PER_DAY == 0] -= 1
        return np.sort(origins[np.argsort(draw, kind="stable")[:count]])

    def _knots(self) -> IntArray:
        inside = KNOTS[self.max_lead > KNOTS]
        return np.asarray(np.append(inside, self.max_lead), dtype=np.int64)

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        design = np.nan_to_num(self.features(panel, origins))
        found = _forest(self.state).predict(design.reshape(-1, design.shape[-1]))
        at_knots = found.reshape(*design.shape[:2], -1)
        before, after, share = between_knots(self._knots(), leads)
        return np.asarray(at_knots[..., before] * (1 - share) + at_knots[..., after] * share)

    def _importance_values(self) -> FloatArray:
        """Share of the reduction of the squared error."""
        return self.state["importance"]


def _arrays(forest: "RandomForestRegressor") -> Arrays:
    """The trees one after the other; children point into the whole, a leaf has feature LEAF. Not
    skops: two dumps of one forest differ, and a model must have the same bytes each time.
    """
    trees = [estimator.tree_ for estimator in forest.estimators_]
    counts = [tree.node_count for tree in trees]
    roots = np.cumsum([0, *counts[:-1]])
    shift = np.repeat(roots, counts)
    left = np.concatenate([tree.children_left for tree in trees])
    right = np.concatenate([tree.children_right for tree in trees])
    feature = np.concatenate([tree.feature for tree in trees])
    return {
        "roots": roots.astype(np.int32),
        "children": np.stack([left + shift, right + shift], axis=1).astype(np.int32),
        "feature": np.where(left < 0, LEAF, feature).astype(np.int16),
        "threshold": np.concatenate([tree.threshold for tree in trees]),
        "value": np.concatenate([tree.value[:, :, 0] for tree in trees]).astype(np.float32),
        "importance": np.asarray(forest.feature_importances_, dtype=np.float64),
    }


def _forest(arrays: Arrays) -> "RandomForestRegressor":
    """A fitted scikit-learn forest from stored trees."""
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.tree import DecisionTreeRegressor
    from sklearn.tree._tree import NODE_DTYPE, Tree

    ends = [*arrays["roots"][1:], len(arrays["feature"])]
    features, outputs = len(arrays["importance"]), arrays["value"].shape[1]
    forest = RandomForestRegressor(n_estimators=len(ends), n_jobs=1)
    forest.estimators_ = []
    for start, end in zip(arrays["roots"], ends, strict=True):
        part = slice(start, end)
        leaf = arrays["feature"][part] == LEAF
        nodes = np.zeros(end - start, dtype=NODE_DTYPE)
        for name, column in (("left_child", 0), ("right_child", 1)):
            nodes[name] = np.where(leaf, -1, arrays["children"][part, column] - start)
        nodes["feature"] = np.where(leaf, -2, arrays["feature"][part])
        nodes["threshold"] = arrays["threshold"][part]
        values = arrays["value"][part, :, None].astype(np.float64)
        state = {"max_depth": 0, "node_count": len(nodes), "nodes": nodes, "values": values}
        estimator = DecisionTreeRegressor()
        estimator.tree_ = Tree(features, np.ones(outputs, dtype=np.intp), outputs)
        estimator.tree_.__setstate__(state)
        estimator.n_features_in_, estimator.n_outputs_ = features, outputs
        forest.estimators_.append(estimator)
    forest.n_features_in_, forest.n_outputs_ = features, outputs
    return forest

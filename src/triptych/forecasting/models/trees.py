"""Trees on anomalies: LightGBM, a booster per lead or block of leads, and a random forest."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from triptych.forecasting.arrays import Arrays, Float32Array, FloatArray, IntArray, between_knots
from triptych.forecasting.contract import DAY_LEADS, STEPS_PER_DAY
from triptych.forecasting.features.feature_table import OF_TARGET, target_features
from triptych.forecasting.features.panel import Panel
from triptych.forecasting.models.anomaly import LearnedForecaster, PooledForecaster, anomaly_targets

if TYPE_CHECKING:
    from lightgbm import Booster
    from sklearn.ensemble import RandomForestRegressor

FAR_BLOCKS = (range(9, 17), range(17, 33), range(33, 10_000))
AROUND_MIDNIGHT = (7, 0, 1)  # steps of the day whose origins are all training origins
POOLED = "pooled"
LOCATION = "location"
NOT_LIGHTGBM = {"trees", "other_origins", "origins", "scopes", "neighbours", "threads"}
KNOTS = np.array([1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 48, 64])
LEAF = -1


class LightGBMForecaster(PooledForecaster):
    """Direct LightGBM (Ke et al., NIPS 2017, 3146-3154) on standardised anomalies.

    `scopes`: `pooled` learns one booster for all locations, `location` one for each; with both, the
    forecast is their mean. `other_origins`: share of the origins away from midnight. `origins`: at
    most per location. `trees`: of the boosters of leads 1, 2, … and beyond. `threads`: boosters
    trained at once, each on one thread: none waits for another. The rest are LightGBM's.
    """

    name: ClassVar[str] = "lightgbm"
    uses_target: ClassVar[bool] = True
    defaults: ClassVar[Mapping[str, Any]] = {
        "trees": (500, 500, 500, 400, 400, 400, 400, 400, 120),
        "learning_rate": 0.05,
        "num_leaves": 31,
        "min_data_in_leaf": 40,
        "feature_fraction": 0.3,
        "bagging_fraction": 0.7,
        "lambda_l2": 5.0,
        "max_bin": 127,
        "scopes": (POOLED,),
        "other_origins": 0.1,
        "origins": None,
        "neighbours": 2,
        "threads": 2,
    }

    @property
    def batchable(self) -> bool:
        """Whether batches can be fitted apart: all locations together, none beside another."""
        return super().batchable and tuple(self.parameters["scopes"]) == (POOLED,)

    def _rows_of(self, panel: Panel, origins: IntArray) -> Arrays:
        chosen = self._sample(origins)
        features = self.features(panel, chosen)
        rows: Arrays = {
            "features": features.reshape(-1, features.shape[-1]),
            "place": np.repeat(np.arange(len(features)), len(chosen)),
        }
        for leads in self._blocks():  # one of each block's leads for each origin
            rng = np.random.default_rng([self.seed, int(leads[0])])
            drawn = leads[rng.integers(len(leads), size=len(chosen))][:, None]
            of_target = target_features(panel, chosen, drawn)
            rows[f"of_target.{leads[0]:03d}"] = of_target.reshape(-1, len(OF_TARGET))
            rows[f"target.{leads[0]:03d}"] = anomaly_targets(panel, chosen, drawn).ravel()
        return rows

    def _learn_rows(self, rows: Arrays) -> None:
        from joblib import Parallel, delayed

        trained = Parallel(n_jobs=self.parameters["threads"], prefer="threads")(
            delayed(self._learn_block)(rows, number, leads)
            for number, leads in enumerate(self._blocks())
        )
        self._boosters = {name: made for block in trained for name, made in block}
        self.texts = {name: made.model_to_string() for name, made in self._boosters.items()}

    def _learn_block(
        self, rows: Arrays, number: int, leads: IntArray
    ) -> list[tuple[str, "Booster"]]:
        block = f"{leads[0]:03d}"
        design = np.concatenate([rows["features"], rows[f"of_target.{block}"]], axis=1)
        target = rows[f"target.{block}"]
        known = np.isfinite(target)
        trained = []
        for scope, places in self._scopes(np.unique(rows["place"])):
            here = np.isin(rows["place"], places) & known
            trained.append((f"{scope}.{block}", self._train(design[here], target[here], number)))
        return trained

    def _scopes(self, places: IntArray) -> Iterator[tuple[str, IntArray]]:
        """Each scope's name, and which of `places` (rows of the training data) it serves."""
        if POOLED in self.parameters["scopes"]:
            yield POOLED, np.arange(len(places))
        if LOCATION in self.parameters["scopes"]:
            for number, place in enumerate(places):
                yield f"{LOCATION}.{place:05d}", np.array([number])

    def _sample(self, origins: IntArray) -> IntArray:
        draw = np.random.default_rng(self.seed).random(len(origins))
        near = np.isin(origins % STEPS_PER_DAY, AROUND_MIDNIGHT)
        return self._drawn(origins[near | (draw < self.parameters["other_origins"])])

    def _blocks(self) -> list[IntArray]:
        blocks = [range(lead, lead + 1) for lead in DAY_LEADS] + list(FAR_BLOCKS)
        leads = [np.array([n for n in block if n <= self.max_lead]) for block in blocks]
        return [block for block in leads if len(block)]

    def _train(self, design: Float32Array, target: Float32Array, number: int) -> "Booster":
        import lightgbm

        settings = {
            "objective": "regression",
            "bagging_freq": 1,
            "verbosity": -1,
            "seed": self.seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,
            **{name: own for name, own in self.parameters.items() if name not in NOT_LIGHTGBM},
        }
        trees = self.parameters["trees"]
        data = lightgbm.Dataset(design, target, params=settings, free_raw_data=True)
        return lightgbm.train(settings, data, trees[min(number, len(trees) - 1)])

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        features = self.features(panel, origins)
        firsts = np.array([block[0] for block in self._blocks()])
        out = np.empty((*features.shape[:2], len(leads)))
        for place, lead in enumerate(leads):
            of_target = target_features(panel, origins, leads[place : place + 1])[:, :, 0]
            design = np.concatenate([features, of_target], axis=2)
            total = np.zeros(design.shape[:2])
            for scope, rows in self._scopes(panel.rows):
                booster = self._boosters[f"{scope}.{firsts[firsts <= lead][-1]:03d}"]
                flat = design[rows].reshape(-1, design.shape[-1])
                values = booster.predict(flat, num_threads=1)
                total[rows] += np.asarray(values).reshape(len(rows), -1)
            out[:, :, place] = total / len(self.parameters["scopes"])
        return out

    def _importance_values(self) -> FloatArray:
        """Share of the total gain, over the boosters of the first day."""
        total = np.zeros(len(self.feature_names))
        for name, booster in sorted(self._boosters.items()):
            if int(name[-3:]) in DAY_LEADS:
                gain = booster.feature_importance("gain")
                total += gain / max(gain.sum(), 1e-12)
        return np.asarray(total / max(total.sum(), 1e-12), dtype=np.float64)

    def restore(self, state: Arrays, texts: Mapping[str, str]) -> None:
        """Take what was stored: boosters in LightGBM's own text format."""
        import lightgbm

        super().restore(state, texts)
        self._boosters = {
            name: lightgbm.Booster(model_str=text) for name, text in sorted(texts.items())
        }


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
    """A scikit-learn forest of stored trees, made as unpickling would, in place of trivial ones."""
    from sklearn.ensemble import RandomForestRegressor

    ends = [*arrays["roots"][1:], len(arrays["feature"])]
    features, outputs = len(arrays["importance"]), arrays["value"].shape[1]
    forest = RandomForestRegressor(n_estimators=len(ends), n_jobs=1)
    forest.fit(np.zeros((1, features)), np.zeros((1, outputs)))
    make, arguments, fitted = forest.estimators_[0].tree_.__reduce__()
    for estimator, start, end in zip(forest.estimators_, arrays["roots"], ends, strict=True):
        part = slice(start, end)
        leaf = arrays["feature"][part] == LEAF
        nodes = np.zeros(end - start, fitted["nodes"].dtype)
        for name, column in (("left_child", 0), ("right_child", 1)):
            nodes[name] = np.where(leaf, -1, arrays["children"][part, column] - start)
        nodes["feature"] = np.where(leaf, -2, arrays["feature"][part])
        nodes["threshold"] = arrays["threshold"][part]
        values = arrays["value"][part, :, None].astype(np.float64)
        state = {"max_depth": 0, "node_count": len(nodes), "nodes": nodes, "values": values}
        estimator.tree_ = make(*arguments)
        estimator.tree_.__setstate__(state)
    return forest

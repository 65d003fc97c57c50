"""LightGBM on anomalies: one booster per lead of the first day, one per block of leads beyond."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from triptych.forecasting.arrays import Arrays, Float32Array, FloatArray, IntArray
from triptych.forecasting.contract import DAY_LEADS, STEPS_PER_DAY
from triptych.forecasting.features.feature_table import OF_TARGET, target_features
from triptych.forecasting.features.panel import Panel
from triptych.forecasting.models.anomaly import PooledForecaster, anomaly_targets

if TYPE_CHECKING:
    from lightgbm import Booster

FAR_BLOCKS = (range(9, 17), range(17, 33), range(33, 10_000))
AROUND_MIDNIGHT = (7, 0, 1)  # steps of the day whose origins are all training origins
POOLED = "pooled"
LOCATION = "location"
NOT_LIGHTGBM = {"trees", "other_origins", "origins", "scopes", "neighbours", "threads"}


class LightGBMForecaster(PooledForecaster):
    """Direct LightGBM (Ke et al., NIPS 2017, 3146-3154) on standardised anomalies.

    `scopes`: `pooled` learns one booster for all locations, `location` one for each; with both, the
    forecast is their mean. `other_origins`: share of the origins away from midnight. `origins`: at
    most per location. `trees`: of the boosters of leads 1, 2, … and beyond. The rest are
    LightGBM's.
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
        "threads": 1,
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
        self._boosters: dict[str, Booster] = {}
        for number, leads in enumerate(self._blocks()):
            block = f"{leads[0]:03d}"
            design = np.concatenate([rows["features"], rows[f"of_target.{block}"]], axis=1)
            target = rows[f"target.{block}"]
            for scope, places in self._scopes(np.unique(rows["place"])):
                here = np.isin(rows["place"], places) & np.isfinite(target)
                trained = self._train(design[here], target[here], number)
                self._boosters[f"{scope}.{block}"] = trained
        self.texts = {name: made.model_to_string() for name, made in self._boosters.items()}

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
            "num_threads": self.parameters["threads"],
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
                values = booster.predict(flat, num_threads=self.parameters["threads"])
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

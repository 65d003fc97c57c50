"""LightGBM on anomalies: one booster per lead of the first day, one per block of leads beyond."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from triptych.forecasting.contract import DAY_LEADS, STEPS_PER_DAY
from triptych.forecasting.features.feature_table import OF_TARGET, target_features
from triptych.forecasting.features.grid import FloatArray, IntArray
from triptych.forecasting.features.panel import Float32Array, Panel
from triptych.forecasting.models.base import Arrays
from triptych.forecasting.models.learned import PooledForecaster

if TYPE_CHECKING:
    from lightgbm import Booster

FAR_BLOCKS = (range(9, 17), range(17, 33), range(33, 10_000))
AROUND_MIDNIGHT = (7, 0, 1)  # steps of the day whose origins are all learned from
POOLED = "pooled"
LOCATION = "location"


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
        for leads in self._blocks():
            of_target, target = self._target_rows(panel, chosen, leads)
            rows[f"of_target.{leads[0]:03d}"] = of_target.reshape(-1, len(OF_TARGET))
            rows[f"target.{leads[0]:03d}"] = target.ravel()
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

    def _target_rows(
        self, panel: Panel, origins: IntArray, leads: IntArray
    ) -> tuple[Float32Array, Float32Array]:
        """The features OF_TARGET (location, origin, feature) and the target: a lead of the block
        for each origin.
        """
        draw = np.random.default_rng([self.seed, int(leads[0])]).integers(
            len(leads), size=len(origins)
        )
        shape = (len(panel.grid.locations), len(origins))
        of_target = np.empty((*shape, len(OF_TARGET)), dtype=np.float32)
        target = np.empty(shape, dtype=np.float32)
        for place, lead in enumerate(leads[:, None]):
            here = draw == place
            of_target[:, here] = target_features(panel, origins[here], lead)[:, :, 0]
            target[:, here] = self.targets(panel, origins[here], lead)[:, :, 0]
        return of_target, target

    def _train(self, design: Float32Array, target: Float32Array, number: int) -> "Booster":
        import lightgbm

        settings = self._settings()
        trees = self.parameters["trees"]
        data = lightgbm.Dataset(design, target, params=settings, free_raw_data=True)
        return lightgbm.train(settings, data, trees[min(number, len(trees) - 1)])

    def _settings(self) -> dict[str, Any]:
        own = {"trees", "other_origins", "origins", "scopes", "neighbours", "threads"}
        return {
            "objective": "regression",
            "bagging_freq": 1,
            "verbosity": -1,
            "seed": self.seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": self.parameters["threads"],
            **{name: value for name, value in self.parameters.items() if name not in own},
        }

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        features = self.features(panel, origins)
        firsts = np.array([block[0] for block in self._blocks()])
        out = np.empty((*features.shape[:2], len(leads)))
        for place, lead in enumerate(leads):
            of_target = target_features(panel, origins, leads[place : place + 1])[:, :, 0]
            design = np.concatenate([features, of_target], axis=2)
            out[:, :, place] = self._mean_of_scopes(panel, design, int(firsts[firsts <= lead][-1]))
        return out

    def _mean_of_scopes(self, panel: Panel, design: Float32Array, first: int) -> FloatArray:
        total = np.zeros(design.shape[:2])
        for scope, rows in self._scopes(panel.rows):
            flat = design[rows].reshape(-1, design.shape[-1])
            booster = self._boosters[f"{scope}.{first:03d}"]
            values = np.asarray(booster.predict(flat, num_threads=self.parameters["threads"]))
            total[rows] += values.reshape(len(rows), -1)
        return total / len(self.parameters["scopes"])

    def importance_values(self) -> FloatArray:
        """Share of the total gain, over the boosters of the first day."""
        total = np.zeros(len(self.feature_names))
        for name, booster in sorted(self._boosters.items()):
            if int(name[-3:]) in DAY_LEADS:
                gain = booster.feature_importance("gain")
                total += gain / max(gain.sum(), 1e-12)
        return np.asarray(total / max(total.sum(), 1e-12), dtype=np.float64)

    def texts(self) -> dict[str, str]:
        """The boosters in LightGBM's own text format."""
        return {name: booster.model_to_string() for name, booster in self._boosters.items()}

    def _learned_arrays(self) -> Arrays:
        return {}

    def _restore_learned(self, arrays: Arrays, texts: Mapping[str, str]) -> None:  # noqa: ARG002
        import lightgbm

        self._boosters = {
            name: lightgbm.Booster(model_str=text) for name, text in sorted(texts.items())
        }

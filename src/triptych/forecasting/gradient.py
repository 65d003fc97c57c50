"""Gradient boosted trees of the anomaly: LightGBM, one booster a lead of the first day, one a block
of leads beyond.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from triptych.forecasting.base import Arrays
from triptych.forecasting.contract import DAY_LEADS, STEPS_PER_DAY
from triptych.forecasting.features import target_features
from triptych.forecasting.grid import FloatArray, IntArray
from triptych.forecasting.learned import LearnedForecaster
from triptych.forecasting.panel import Float32Array, Panel

if TYPE_CHECKING:
    from lightgbm import Booster

FAR_BLOCKS = (range(9, 17), range(17, 33), range(33, 10_000))
AROUND_MIDNIGHT = (7, 0, 1)  # steps of the day whose origins are all learned from
POOLED = "pooled"
LOCATION = "location"


class LightGBMForecaster(LearnedForecaster):
    """Direct LightGBM (Ke et al., NIPS 2017, 3146-3154) on standardised anomalies.

    `scopes`: `pooled` is one booster for all locations, `location` one for each; with both, their
    mean is the forecast. `other_origins`: share of the origins away from midnight that are learned
    from. `trees`: of each booster of leads 1-8, the last number for all later ones. The other
    parameters are LightGBM's.
    """

    name: ClassVar[str] = "lightgbm"
    uses_target: ClassVar[bool] = True
    defaults: ClassVar[Mapping[str, Any]] = {
        "trees": (1000, 800, 600, 500, 500, 500, 500, 400, 100),
        "learning_rate": 0.04,
        "num_leaves": 31,
        "min_data_in_leaf": 40,
        "feature_fraction": 0.3,
        "bagging_fraction": 0.7,
        "lambda_l2": 5.0,
        "max_bin": 127,
        "other_origins": 0.2,
        "scopes": (POOLED, LOCATION),
        "neighbours": 2,
        "threads": 2,
    }

    def _learn(self, panel: Panel, origins: IntArray) -> None:
        self._boosters: dict[str, Booster] = {}
        chosen = self._sample(origins)
        features = self.features(panel, chosen)
        for number, leads in enumerate(self._blocks()):
            rows = self._rows(panel, chosen, features, leads, number)
            for scope, place in self._scopes(panel):
                design, target = (part[place].reshape(-1, *part.shape[2:]) for part in rows)
                known = np.isfinite(target)
                self._boosters[f"{scope}_{leads[0]:03d}"] = self._train(
                    design[known], target[known], number
                )

    def _sample(self, origins: IntArray) -> IntArray:
        draw = np.random.default_rng(self.seed).random(len(origins))
        near = np.isin(origins % STEPS_PER_DAY, AROUND_MIDNIGHT)
        return origins[near | (draw < self.parameters["other_origins"])]

    def _blocks(self) -> list[IntArray]:
        blocks = [range(lead, lead + 1) for lead in DAY_LEADS] + list(FAR_BLOCKS)
        leads = [np.array([n for n in block if n <= self.max_lead]) for block in blocks]
        return [block for block in leads if len(block)]

    def _scopes(self, panel: Panel) -> Iterator[tuple[str, slice]]:
        if POOLED in self.parameters["scopes"]:
            yield POOLED, slice(None)
        if LOCATION in self.parameters["scopes"]:
            for place in range(len(panel.grid.locations)):
                yield f"{LOCATION}_{place:05d}", slice(place, place + 1)

    def _rows(
        self, panel: Panel, origins: IntArray, features: Float32Array, leads: IntArray, number: int
    ) -> tuple[Float32Array, Float32Array]:
        """Design (location, origin, feature) and target (location, origin): one lead of the block
        for each origin.
        """
        drawn = np.random.default_rng([self.seed, number]).integers(len(leads), size=len(origins))
        of_target = np.empty((*features.shape[:2], 0), dtype=np.float32)
        parts, targets = [], np.empty(features.shape[:2], dtype=np.float32)
        for index, lead in enumerate(leads):
            here = np.flatnonzero(drawn == index)
            block = target_features(panel, origins[here], np.array([lead]))[:, :, 0]
            if not parts:
                of_target = np.empty((*features.shape[:2], block.shape[-1]), dtype=np.float32)
                parts.append(of_target)
            of_target[:, here] = block
            targets[:, here] = self.targets(panel, origins[here], np.array([lead]))[:, :, 0]
        return np.concatenate([features, of_target], axis=2), targets

    def _train(self, design: Float32Array, target: Float32Array, number: int) -> "Booster":
        import lightgbm

        settings = self._settings()
        trees = self.parameters["trees"]
        data = lightgbm.Dataset(design, target, params=settings, free_raw_data=True)
        return lightgbm.train(settings, data, trees[min(number, len(trees) - 1)])

    def _settings(self) -> dict[str, Any]:
        own = {"trees", "other_origins", "scopes", "neighbours", "threads"}
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
        out = np.empty((len(panel.grid.locations), len(origins), len(leads)))
        blocks = self._blocks()
        for index, lead in enumerate(leads):
            first = next(int(block[0]) for block in blocks if lead in block)
            of_target = target_features(panel, origins, np.array([lead]))[:, :, 0]
            design = np.concatenate([features, of_target], axis=2)
            out[:, :, index] = self._scoped(panel, design, first)
        return out

    def _scoped(self, panel: Panel, design: Float32Array, first: int) -> FloatArray:
        """Mean of the scopes' forecasts, shape (location, origin)."""
        forecasts = []
        if POOLED in self.parameters["scopes"]:
            flat = self._ask(f"{POOLED}_{first:03d}", design.reshape(-1, design.shape[-1]))
            forecasts.append(flat.reshape(design.shape[:2]))
        if LOCATION in self.parameters["scopes"]:
            names = [f"{LOCATION}_{row:05d}_{first:03d}" for row in panel.rows]
            forecasts.append(
                np.stack([self._ask(n, d) for n, d in zip(names, design, strict=True)])
            )
        return np.asarray(np.mean(forecasts, axis=0), dtype=np.float64)

    def _ask(self, name: str, design: Float32Array) -> FloatArray:
        threads = self.parameters["threads"]
        return np.asarray(self._boosters[name].predict(design, num_threads=threads))

    def importance_values(self) -> FloatArray:
        """Share of the total gain, over the boosters of the first day."""
        total = np.zeros(len(self.feature_names))
        for name, booster in self._boosters.items():
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

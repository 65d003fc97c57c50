"""Parameters of the pipeline vision."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pandas as pd
from pydantic import Field, model_validator

from triptych.classification.matching import look_up
from triptych.parameters.base import Count, Parameters, WithoutNull, check_names
from triptych.vision.config import NetworkSettings
from triptych.vision.reading import ListPhotos


class NetworkParameters(NetworkSettings, Parameters):
    """A network and its training."""


class AblationParameters(Parameters):
    """The ablation: one setting is changed at a time."""

    photos: Count | None  # training photos of each trial; null: all
    seeds: Count
    baseline: NetworkParameters
    grid: dict[str, list[dict[str, Any]]]  # by factor, the settings that each level changes

    @model_validator(mode="after")
    def _check_grid(self) -> Self:
        baseline = self.baseline.model_dump()
        for factor, levels in self.grid.items():
            for number, change in enumerate(levels):
                check_names(change, baseline, f"grid.{factor}.{number}.")
                NetworkSettings(**{**baseline, **change})
        return self


class PhotoSample(Parameters):
    """How many photos of a class the sample has, by split."""

    train: Count
    valid: Count
    test: Count


class VisionParameters(Parameters):
    """The study of field photos."""

    source: Literal["sample", "folder"]
    sample_photos: PhotoSample
    classes: Literal[3, 4]  # ground, corn, weeds; then corn with weeds too
    max_side: Count
    max_rejected_share: Annotated[float, Field(ge=0, le=1)]
    duplicate_bits: Annotated[int, Field(ge=0, lt=32)]
    max_photos: Count | None
    image_size: Count
    networks: Annotated[dict[str, NetworkParameters], Field(min_length=1), WithoutNull]
    blend: list[str]  # names of networks whose probabilities are averaged; none: no blend
    tta_views: Literal[1, 2, 4, 8]
    ablation: AblationParameters
    n_jobs: Count
    resamples: Count
    explained_photos: Annotated[int, Field(ge=0)]
    explanation_samples: Count

    @model_validator(mode="after")
    def _check_blend(self) -> Self:
        unknown = [name for name in self.blend if name not in self.networks]
        if unknown:
            raise ValueError(
                f"the blend names {', '.join(unknown)}, and the networks are "
                f"{', '.join(self.networks)}"
            )
        return self

    def list_photos(self, photo_source: ListPhotos, seed: int) -> pd.DataFrame:
        """List the photos of the source: reading.RAW_COLUMNS."""
        return photo_source(self.source, self.sample_photos.model_dump(), seed)

    def photo_paths(
        self, photo_source: ListPhotos, seed: int, items: "pd.Series[str]"
    ) -> list[Path]:
        """The files of some photos of the source."""
        files = self.list_photos(photo_source, seed).set_index("item")["path"]
        return list(look_up(items, files, "file in the source of photos"))

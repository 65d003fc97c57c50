"""Parameters of the pipeline vision."""

from dataclasses import asdict, fields
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from triptych.parameters.base import Count, Parameters, WithoutNull
from triptych.parameters.known_names import check_names
from triptych.vision.config import NetworkSettings
from triptych.vision.listing import ListPhotos, PhotoListing


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class NetworkParameters(NetworkSettings):
    """A network as YAML describes it; unknown names are errors."""


def _check_settings(given: Any) -> Any:
    return check_names(given, [field.name for field in fields(NetworkSettings)])


Network = Annotated[NetworkParameters, BeforeValidator(_check_settings)]


class ExperimentParameters(Parameters):
    """The study of what matters in training: one thing is changed at a time."""

    photos: Count | None  # that each learns from; null: all
    seeds: Count
    base: Network
    grid: dict[str, list[dict[str, Any]]]  # by factor, what each level changes of the base

    @model_validator(mode="after")
    def _check_grid(self) -> Self:
        base = asdict(self.base)
        for factor, levels in self.grid.items():
            for number, change in enumerate(levels):
                check_names(change, base, f"grid.{factor}.{number}.")
                NetworkParameters(**{**base, **change})
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
    pixels: Count
    networks: Annotated[dict[str, Network], Field(min_length=1), WithoutNull]
    blend: list[str]  # names of networks whose probabilities are averaged; none: no blend
    turns: Literal[1, 2, 4, 8]
    experiments: ExperimentParameters
    jobs: Count
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

    def list_photos(self, photo_source: ListPhotos, seed: int) -> PhotoListing:
        """List the photos of the source that these parameters name."""
        return photo_source(self.source, self.sample_photos.model_dump(), seed)

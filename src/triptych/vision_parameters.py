"""The typed parameters of the study of field photos."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from triptych.parameters import Count, Parameters, WithoutNull
from triptych.vision.settings import NetworkSettings
from triptych.vision.source import ListPhotos, PhotoListing


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class NetworkParameters(NetworkSettings):
    """A network as YAML describes it: a misspelt name is refused, not ignored."""


class ExperimentParameters(Parameters):
    """The study of what matters in training: one thing is changed at a time."""

    photos: Count | None  # that each learns from; null: all
    seeds: Count
    base: NetworkParameters
    grid: dict[str, list[dict[str, Any]]]  # by factor, what each level changes of the base


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
    networks: Annotated[dict[str, NetworkParameters], Field(min_length=1), WithoutNull]
    blend: list[str]  # names of networks whose probabilities are averaged; none: no blend
    turns: Literal[1, 2, 4, 8]
    experiments: ExperimentParameters
    jobs: Count
    resamples: Count
    explained_photos: Annotated[int, Field(ge=0)]
    explanation_samples: Count

    @model_validator(mode="after")
    def _know_the_blend(self) -> Self:
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

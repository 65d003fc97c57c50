"""Parameters of the pipeline vision."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from triptych.parameters.base import Count, Parameters, WithoutNull
from triptych.vision.config import Augmentation, Fraction, NetworkSettings, Optimiser


def _as_list(value: Any) -> Any:
    """A single phase can be set on the command line."""
    return [value] if isinstance(value, int) else value


class NetworkParameters(NetworkSettings, Parameters):
    """A network and its training."""


class AblationParameters(Parameters):
    """The ablation: one setting of a network is changed at a time."""

    network: str  # of `networks`: the baseline
    epochs: Count
    photos: Count
    seeds: Count
    learning_rates: dict[Optimiser, list[float]]  # the best of each optimiser is used
    dropout: list[Fraction]  # each with and without batch normalisation
    augmentation: list[Augmentation]
    training_photos: list[Count]  # the learning curve


class VisionParameters(Parameters):
    """The study of field photos."""

    source: Literal["sample", "folder"]
    dataset: Annotated[str, Field(min_length=1)]  # folder of real data
    sample_photos: dict[Literal["train", "valid", "test"], Count]  # per class
    phases: Annotated[list[Literal[3, 4]], Field(min_length=1), BeforeValidator(_as_list)]
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
    def _check_names(self) -> Self:
        for what, names in (("blend", self.blend), ("ablation", [self.ablation.network])):
            if unknown := [name for name in names if name not in self.networks]:
                raise ValueError(
                    f"the {what} names {', '.join(unknown)}, and the networks are "
                    f"{', '.join(self.networks)}"
                )
        return self

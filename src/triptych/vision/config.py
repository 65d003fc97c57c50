"""A network and its training, completely named."""

from dataclasses import dataclass
from typing import Literal

Augmentation = Literal["none", "turns", "turns_light", "turns_light_zoom"]
Optimiser = Literal["adam", "rmsprop", "adagrad", "sgd"]


@dataclass(frozen=True)
class NetworkSettings:
    """One network and how it learns.

    Attributes:
        backbone: `cnn` is our own; else a pretrained network (backbones.py).
        pixels: side of the photos that it sees.
        filters: of our own network, one number a block; each block halves the side.
        batch_norm: batch normalisation after each convolution of our own network.
        dropout: share of the features that are left out before the last layer.
        weights: of the backbone: `imagenet`, `file` or `none`.
        epochs: at most, the backbone frozen; training stops when validation does not improve.
        tuned_epochs: after those, with the backbone learning too.
        learning_rate: at the start; it falls to 0 on a cosine (Loshchilov and Hutter, 2017).
        tuned_learning_rate: the same while the backbone learns too.
        patience: epochs without a better validation loss before training stops.
        smoothing: of the labels (Szegedy et al., 2016): some labels are wrong.
    """

    backbone: str = "cnn"
    pixels: int = 64
    filters: tuple[int, ...] = (24, 48, 96, 128)
    batch_norm: bool = True
    dropout: float = 0.3
    weights: Literal["imagenet", "file", "none"] = "none"
    optimiser: Optimiser = "adam"
    learning_rate: float = 0.003
    augmentation: Augmentation = "turns_light"
    epochs: int = 30
    tuned_epochs: int = 0
    tuned_learning_rate: float = 0.0003
    patience: int = 10
    batch: int = 32
    smoothing: float = 0.05

    def __post_init__(self) -> None:
        """Refuse what no network can be built or trained with."""
        counts = {
            "pixels": self.pixels, "epochs": self.epochs, "patience": self.patience,
            "batch": self.batch, **{f"filters {number}": number for number in self.filters},
        }  # fmt: skip
        for name, count in counts.items():
            if count < 1:
                raise ValueError(f"{name} of a network is at least 1, not {count}")
        for name, share in {"dropout": self.dropout, "smoothing": self.smoothing}.items():
            if not 0 <= share < 1:
                raise ValueError(f"{name} of a network lies from 0 up to 1, not at {share}")
        if self.pixels < 2 ** len(self.filters) and self.backbone == "cnn":
            raise ValueError(
                f"{len(self.filters)} blocks halve the side of a photo as often, and "
                f"{self.pixels} pixels are too few for that"
            )

"""The classes of photos, and the configuration of a network and its training."""

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

CLASSES = ("ground", "corn", "weeds", "corn_weeds")
CNN: Final = "cnn"
SQUEEZENET: Final = "squeezenet"
Backbone = Literal[
    "cnn", "squeezenet", "vgg16", "vgg19", "xception", "resnet50", "mobilenet_v2",
    "mobilenet_v3_small", "mobilenet_v3_large", "efficientnet_b0", "efficientnet_v2_b0",
]  # fmt: skip
Optimiser = Literal["adam", "adamw", "rmsprop", "adagrad", "sgd"]
Augmentation = Literal["none", "turns", "turns_light", "turns_light_zoom"]
Positive = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0, lt=1)]


class NetworkSettings(BaseModel):
    """One network and its training.

    Attributes:
        backbone: `cnn` is our own network, the others are pretrained (networks.py).
        image_size: side of the photos that the network takes, in pixels.
        filters: of each block of `cnn`; each block halves the side.
        batch_norm: batch normalisation after each convolution of `cnn`.
        alpha: width of a MobileNet.
        pooling: over the last feature map: means, or means and maxima (a few leaves at an edge).
        weights: of a pretrained backbone: `imagenet`, `file` or `none` (random).
        learning_rate: at the start; cosine decay to 0 (Loshchilov and Hutter, 2017).
        epochs: at most, with a frozen backbone if its weights are pretrained.
        fine_tune_epochs: after those, with a trainable backbone.
        fine_tune_learning_rate: at the start of the fine-tuning.
        patience: epochs without a better validation loss before training stops.
        label_smoothing: Szegedy et al. (2016); some labels are wrong.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    backbone: Backbone = CNN
    image_size: Positive = 64
    filters: tuple[Positive, ...] = (24, 48, 96, 128)
    batch_norm: bool = True
    dropout: Fraction = 0.3
    alpha: Annotated[float, Field(gt=0)] = 1.0
    pooling: Literal["avg", "avg_max"] = "avg"
    weights: Literal["imagenet", "file", "none"] = "none"
    optimiser: Optimiser = "adam"
    learning_rate: float = 0.003
    augmentation: Augmentation = "turns_light"
    epochs: Positive = 30
    fine_tune_epochs: Annotated[int, Field(ge=0)] = 0
    fine_tune_learning_rate: float = 0.0003
    patience: Positive = 10
    batch_size: Positive = 32
    label_smoothing: Fraction = 0.05

    @property
    def pretrained(self) -> bool:
        """Whether the backbone gets pretrained weights."""
        return self.backbone != CNN and self.weights != "none"

    @model_validator(mode="after")
    def _check_size(self) -> Self:
        if self.backbone == CNN and self.image_size < 2 ** len(self.filters):
            raise ValueError(
                f"{len(self.filters)} blocks halve the side of a photo as often, and "
                f"{self.image_size} pixels are too few for that"
            )
        return self

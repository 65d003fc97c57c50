"""The LSTM networks by name: one that all others differ from in one thing."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from triptych.nlp.errors import UnknownChoiceError

EMBEDDINGS = ("frozen", "fine-tuned", "learned")
POOLINGS = ("max and mean", "last state")
OPTIMISERS = ("adam", "rmsprop", "sgd")
BASE = "as it is"


@dataclass(frozen=True)
class LstmSettings:
    """One network and how it is trained, completely named.

    Attributes:
        analyzer: `stems` or `words`, which a pretrained file of vectors needs.
        embeddings: word vectors that stay as they are (`frozen`), that are trained on
            (`fine-tuned`), or random ones that are trained (`learned`).
        nb_weights: beside its vector each word brings how much more often it stands in positive
            than in negative reviews, cross-fitted (word_weights.py).
        units: of each LSTM, one direction.
        layers: 1 or 2, one upon the other.
        bidirectional: read from both ends.
        pooling: what is taken of the states: their maximum and mean, or the last one.
        dropout: share of the vectors' columns that is dropped, and of what the last layer sees.
        recurrent_dropout: share of the state that is dropped from step to step.
        word_dropout: share of the words that become unknown, drawn anew in every epoch.
        optimiser: `adam`, `rmsprop` or `sgd` (with momentum).
        learning_rate: at the start; it falls to nothing by half a cosine.
        batch_size: reviews, of like length.
        epochs: at most; training stops when the loss on the early-stopping tenth has not fallen
            for `patience` epochs, and takes the best weights.
        patience: epochs.
        max_length: words; what follows is not read.
        ensemble_size: networks whose answers are averaged, each with another seed.
    """

    analyzer: str = "stems"
    embeddings: str = "fine-tuned"
    nb_weights: bool = True
    units: int = 48
    layers: int = 1
    bidirectional: bool = True
    pooling: str = "max and mean"
    dropout: float = 0.3
    recurrent_dropout: float = 0.0
    word_dropout: float = 0.1
    optimiser: str = "adam"
    learning_rate: float = 2e-3
    batch_size: int = 32
    epochs: int = 7
    patience: int = 3
    max_length: int = 200
    ensemble_size: int = 1

    def __post_init__(self) -> None:
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise UnknownChoiceError(
                    f"An LSTM's {name} can be {', '.join(known)}, not {getattr(self, name)!r}. "
                    "Correct nlp.lstm.network."
                )
        wrong = [name for name in _COUNTS if not _is_count(getattr(self, name))]
        wrong += [name for name in _SHARES if not _is_share(getattr(self, name))]
        if wrong:
            raise UnknownChoiceError(
                f"An LSTM's {wrong[0]} cannot be {getattr(self, wrong[0])!r}: {', '.join(_COUNTS)} "
                f"are whole numbers from 1 on, {', '.join(_SHARES)} lie from 0 to below 1. "
                "Correct nlp.lstm.network."
            )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1


_CHOICES: Mapping[str, tuple[str, ...]] = {
    "analyzer": ("stems", "words"),
    "embeddings": EMBEDDINGS,
    "pooling": POOLINGS,
    "optimiser": OPTIMISERS,
}
_COUNTS = ("units", "layers", "batch_size", "epochs", "patience", "max_length", "ensemble_size")
_SHARES = ("dropout", "recurrent_dropout", "word_dropout", "learning_rate")

# Each differs from the first in one thing, so that a difference has one cause.
CHANGES: Mapping[str, Mapping[str, object]] = {
    "one direction": {"bidirectional": False},
    "two layers": {"layers": 2},
    "last state": {"pooling": "last state"},
    "vectors frozen": {"embeddings": "frozen"},
    "vectors learned from nothing": {"embeddings": "learned"},
    "words, not stems": {"analyzer": "words"},
    "no NB weights": {"nb_weights": False},
    "24 units": {"units": 24},
    "96 units": {"units": 96},
    "no dropout": {"dropout": 0.0},
    "dropout 0.5": {"dropout": 0.5},
    "recurrent dropout 0.2": {"recurrent_dropout": 0.2},
    "no word dropout": {"word_dropout": 0.0},
    "RMSprop": {"optimiser": "rmsprop"},
    "SGD with momentum": {"optimiser": "sgd", "learning_rate": 0.1},
}


def make_settings(values: Mapping[str, Any]) -> LstmSettings:
    """Settings with these values, and the usual ones for all else.

    Raises:
        UnknownChoiceError: there is no such setting, or no such value of it.
    """
    known = [field.name for field in fields(LstmSettings)]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise UnknownChoiceError(
            f"An LSTM has no setting {', '.join(unknown)}; it has {', '.join(known)}. Correct "
            "nlp.lstm.network."
        )
    return LstmSettings(**values)


def change_settings(settings: LstmSettings, change: str) -> LstmSettings:
    """The settings with one thing changed.

    Raises:
        UnknownChoiceError: there is no such change.
    """
    if change not in CHANGES:
        raise UnknownChoiceError(
            f"There is no change {change!r} of the LSTM; there are: {', '.join(CHANGES)}. Correct "
            "nlp.lstm.changes."
        )
    return replace(settings, **CHANGES[change])  # type: ignore[arg-type]

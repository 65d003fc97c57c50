"""Configurations: families of classical classifiers, the LSTM network and its ablations."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

BASELINE = "baseline"  # the network that each ablation is compared with


@dataclass(frozen=True)
class ModelSettings:
    """The configuration of a classical classifier; for the features see make_vectoriser."""

    classifier: Literal["logistic", "svm", "naive_bayes"]  # linear SVM, multinomial naive Bayes
    C: float = 1.0  # inverse regularisation of logistic and svm
    alpha: float = 1.0  # smoothing of naive_bayes
    analyzer: Literal["words", "stems", "chars", "both"] = "words"
    weighting: Literal["counts", "binary", "tfidf"] = "tfidf"
    ngram_max: int = 2
    min_df: int = 1
    nb_alpha: float | None = None  # smoothing of the NB weights of the features; None: no weights

    @property
    def features(self) -> tuple[str, int, str, int]:
        """What determines the matrix of documents and terms; see make_vectoriser."""
        return *self.terms, self.weighting, self.min_df

    @property
    def terms(self) -> tuple[str, int]:
        """What is counted: the analyzer, and the length of n-grams of words."""
        return self.analyzer, self.ngram_max

    @property
    def analyzers(self) -> tuple[str, ...]:
        """The parts of the matrix."""
        return ("stems", "chars") if self.analyzer == "both" else (self.analyzer,)


Grid = Mapping[str, tuple[Any, ...]]
_LOGISTIC: Grid = {"C": (3.0, 10.0, 30.0), "ngram_max": (2, 3), "min_df": (1, 2)}
_SVM: Grid = {"C": (0.3, 1.0, 3.0), "ngram_max": (2, 3), "min_df": (1, 2)}
_NB_WEIGHTED: Grid = {"C": (0.1, 0.3, 1.0), "min_df": (1, 2), "nb_alpha": (0.03, 0.1, 0.3)}

# The default of each family, which is always tried, and the grid of its random search.
# `bow_` families count terms, `tfidf_` families weight them by TF-IDF.
FAMILIES: dict[str, tuple[ModelSettings, Grid]] = {
    "bow_naive_bayes": (
        ModelSettings("naive_bayes", analyzer="stems", weighting="binary"),
        {"alpha": (0.3, 1.0), "ngram_max": (2, 3), "weighting": ("binary", "counts")},
    ),
    "tfidf_naive_bayes": (
        ModelSettings("naive_bayes", analyzer="stems"),
        {"alpha": (0.3, 1.0), "ngram_max": (2, 3)},
    ),
    "bow_logistic": (
        ModelSettings("logistic", C=0.3, analyzer="stems", weighting="binary"),
        {"C": (0.1, 0.3, 1.0), "ngram_max": (1, 2), "weighting": ("binary", "counts")},
    ),
    "tfidf_logistic": (ModelSettings("logistic", C=10.0, analyzer="stems"), _LOGISTIC),
    "tfidf_svm": (ModelSettings("svm", analyzer="stems"), _SVM),
    "tfidf_svm_words": (ModelSettings("svm"), _SVM),
    "chars_svm": (ModelSettings("svm", analyzer="chars"), {"C": (0.3, 1.0), "min_df": (1, 2)}),
    "both_svm": (ModelSettings("svm", analyzer="both"), {"C": (0.3, 1.0), "min_df": (1, 2)}),
    "nb_weighted_bow": (
        ModelSettings("logistic", C=0.1, analyzer="stems", weighting="binary", nb_alpha=1.0),
        {"C": (0.03, 0.1, 0.3, 1.0), "min_df": (1, 2)},
    ),
    "nb_weighted_logistic": (
        ModelSettings("logistic", C=3.0, analyzer="stems", nb_alpha=0.1),
        {**_NB_WEIGHTED, "C": (1.0, 3.0, 10.0)},
    ),
    "nb_weighted_svm": (ModelSettings("svm", C=0.3, analyzer="stems", nb_alpha=0.1), _NB_WEIGHTED),
    "nb_weighted_svm_words": (ModelSettings("svm", C=0.3, nb_alpha=0.1), _NB_WEIGHTED),
    "nb_weighted_chars": (
        ModelSettings("svm", C=0.3, analyzer="chars", min_df=2, nb_alpha=0.1),
        {"C": (0.1, 0.3, 1.0), "nb_alpha": (0.03, 0.1, 0.3)},
    ),
}


def list_candidates(family: str, n_trials: int, seed: int) -> list[ModelSettings]:
    """List the default of a family and at most `n_trials` other random settings of its grid."""
    default, grid = FAMILIES[family]
    values = product(*grid.values())
    others = [replace(default, **dict(zip(grid, each, strict=True))) for each in values]
    others.remove(default)
    order = np.random.default_rng(seed).permutation(len(others))
    return [default, *(others[position] for position in order[:n_trials])]


Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]


class LstmSettings(BaseModel):
    """The configuration of an LSTM network and of its training."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    analyzer: Literal["stems", "words"] = "words"  # pretrained vectors are of words
    # word2vec's vectors: constant, or trained further; or random ones, trained with the network
    embeddings: Literal["frozen", "fine-tuned", "random"] = "fine-tuned"
    pretrained: bool = True  # take the vectors of a file, if there is one and the words are its own
    nb_weights: bool = True  # beside each vector the cross-fitted NB weight of the word
    units: Count = 48  # of each LSTM and direction
    layers: Count = 1
    bidirectional: bool = True
    pooling: Literal["max and mean", "last state"] = "max and mean"  # of the states over the words
    dropout: Share = 0.3  # of the columns of the vectors, and before the output layer
    recurrent_dropout: Share = 0.0
    word_dropout: Share = 0.1  # of the words, which become unknown, drawn again in every epoch
    optimiser: Literal["adam", "adamw", "rmsprop", "adagrad", "sgd"] = "adam"  # sgd with momentum
    learning_rate: Share = 2e-3  # initial; it falls to zero by cosine decay
    batch_size: Count = 32
    epochs: Count = 7  # at most; the weights are those of the lowest early-stopping loss
    patience: Count = 3  # epochs without a lower early-stopping loss
    max_length: Count = 200  # words; the rest of a review is cut off
    ensemble_size: Count = 1  # networks with different seeds whose logits are averaged

    def change(self, **values: Any) -> "LstmSettings":
        """Copy the settings with other values of some of them."""
        return self.model_copy(update=values)


# Ablations: each differs from the baseline network in one respect.
CHANGES: Mapping[str, Mapping[str, object]] = {
    BASELINE: {},
    "one direction": {"bidirectional": False},
    "two layers": {"layers": 2},
    "last state": {"pooling": "last state"},
    "vectors frozen": {"embeddings": "frozen"},
    "vectors of the training reviews": {"pretrained": False},
    "vectors of the training reviews, frozen": {"pretrained": False, "embeddings": "frozen"},
    "random vectors": {"embeddings": "random"},
    "stems": {"analyzer": "stems"},
    "no NB weights": {"nb_weights": False},
    "24 units": {"units": 24},
    "96 units": {"units": 96},
    "no dropout": {"dropout": 0.0},
    "dropout 0.5": {"dropout": 0.5},
    "recurrent dropout 0.2": {"recurrent_dropout": 0.2},
    "no word dropout": {"word_dropout": 0.0},
    "AdamW": {"optimiser": "adamw"},
    "RMSprop": {"optimiser": "rmsprop"},
    "Adagrad": {"optimiser": "adagrad", "learning_rate": 0.05},
    "SGD with momentum": {"optimiser": "sgd", "learning_rate": 0.1},
}

"""Near-duplicate reviews, and the groups of reviews that no split may separate."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Groups = npt.NDArray[np.int64]
Pairs = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]  # rows, other rows
_SEQUENCE = 4  # words
_SIMILAR = 0.5  # Jaccard index of the sets of word sequences
_COMMON = 50  # sequences of more texts than this are phrases of the language


def find_near_duplicates(texts: Sequence[str]) -> Pairs:
    """Find pairs of texts that share half of their sequences of four words.

    Broder, "On the resemblance and containment of documents" (1997), without sampling.
    """
    from scipy.sparse import triu
    from sklearn.feature_extraction.text import HashingVectorizer

    vectoriser = HashingVectorizer(
        lowercase=False, binary=True, norm=None,
        alternate_sign=False, n_features=2**22, dtype=np.float32, analyzer=_sequences,
    )  # fmt: skip
    sequences = vectoriser.transform(texts).tocsc()
    sizes, counts = np.asarray(sequences.sum(axis=1)).ravel(), np.diff(sequences.indptr)
    shared = sequences[:, (counts > 1) & (counts <= _COMMON)].tocsr()
    pairs = triu(shared @ shared.T, k=1).tocoo()
    union = sizes[pairs.row] + sizes[pairs.col] - pairs.data
    similar = pairs.data >= _SIMILAR * union
    return pairs.row[similar], pairs.col[similar]


def _sequences(text: str) -> list[str]:
    words = text.split()
    return [" ".join(words[k : k + _SEQUENCE]) for k in range(len(words) - _SEQUENCE + 1)]


def group_rows(names: Sequence[str], pairs: Pairs) -> Groups:
    """Number the groups of rows: the same name (a film), or connected by pairs.

    A row with an empty name belongs to no other by its name.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    _, codes = np.unique(
        [name or f"\0{row}" for row, name in enumerate(names)], return_inverse=True
    )
    size, (rows, others) = int(codes.max()) + 1, pairs
    links = coo_matrix((np.ones(len(rows)), (codes[rows], codes[others])), shape=(size, size))
    _, groups = connected_components(links, directed=False)
    return np.asarray(groups[codes], dtype=np.int64)

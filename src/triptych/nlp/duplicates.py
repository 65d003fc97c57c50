"""Near-duplicate reviews, and the groups of reviews that no split may separate."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from triptych.execution.progress import track

Groups = npt.NDArray[np.int64]
Pairs = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]  # rows, other rows
_SEQUENCES = (4, 4)  # words, at least and at most
_SIMILAR = 0.5  # Jaccard index of the sets of word sequences
_COMMON = 50  # sequences of more texts than this are mostly phrases of the language


def find_near_duplicates(texts: Sequence[str]) -> Pairs:
    """Find pairs of texts that share half of their sequences of four words.

    Of a text with very many copies each is paired with the next one only. Broder, "On the
    resemblance and containment of documents" (1997), without sampling.
    """
    from scipy.sparse import triu
    from sklearn.feature_extraction.text import HashingVectorizer

    vectoriser = HashingVectorizer(
        lowercase=False, tokenizer=str.split, token_pattern=None, ngram_range=_SEQUENCES,
        binary=True, norm=None, alternate_sign=False, n_features=2**22, dtype=np.float32,
    )  # fmt: skip
    sequences = vectoriser.transform(track(texts, "Comparing reviews")).tocsc()
    whole, counts = sequences.tocsr(), np.diff(sequences.indptr)
    rare = sequences[:, (counts > 1) & (counts <= _COMMON)].tocsr()
    pairs = triu(rare @ rare.T, k=1).tocoo()
    common = sequences[:, counts > _COMMON]
    later = np.delete(np.arange(common.nnz), common.indptr[:-1])  # not the first of a column
    rows, others = np.unique([common.indices[later - 1], common.indices[later]], axis=1)
    shared = np.append(pairs.data, whole[rows].multiply(whole[others]).sum(axis=1))
    rows, others = np.append(pairs.row, rows), np.append(pairs.col, others)
    sizes = np.asarray(whole.sum(axis=1)).ravel()
    similar = shared >= _SIMILAR * (sizes[rows] + sizes[others] - shared)
    return rows[similar], others[similar]


def group_rows(names: Sequence[str], pairs: Pairs) -> Groups:
    """Number the groups of rows: the same name (a film), or connected by pairs.

    A row with an empty name belongs to no other by its name.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    named = [name or f"\0{row}" for row, name in enumerate(names)]
    _, codes = np.unique(named, return_inverse=True)
    size, (rows, others) = int(codes.max()) + 1, pairs
    links = coo_matrix((np.ones(len(rows)), (codes[rows], codes[others])), shape=(size, size))
    _, groups = connected_components(links, directed=False)
    return np.asarray(groups[codes], dtype=np.int64)

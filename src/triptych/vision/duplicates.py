"""Near-duplicate photos: the same view, perhaps rotated or mirrored, and the source's groups."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from triptych.execution.progress import track

Hashes = npt.NDArray[np.uint64]  # (n, 8), a column per orientation
Thumbnails = npt.NDArray[np.uint8]  # (n, side, side)
_TURNS = (None, *Image.Transpose)  # a square has eight orientations
_HASH_SIDE = 32  # of the photo that the hash looks at
_THUMBNAIL_SIDE = 16
_MIN_CORRELATION = 0.7  # of thumbnails; docs/photos.md has the distribution
_BLOCK = 1024  # rows compared at once, to bound memory
_PAIRS = 2**16  # correlated at once: frames of a fixed camera are all alike


class Signature(NamedTuple):
    """What near-duplicates have in common: a hash per orientation, and a grey thumbnail."""

    hashes: npt.NDArray[np.uint64]
    thumbnail: npt.NDArray[np.uint8]


def sign_photo(image: Image.Image) -> Signature:
    """Hash a photo in all eight orientations; light, size and compression hardly change a hash.

    Zauner, "Implementation and benchmarking of perceptual image hash functions" (2010).
    """
    import imagehash

    grey = image.convert("L").resize((_HASH_SIDE, _HASH_SIDE), Image.Resampling.LANCZOS)
    turned = (grey if turn is None else grey.transpose(turn) for turn in _TURNS)
    hashes = [int(str(imagehash.phash(view)), 16) for view in turned]
    small = grey.resize((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE), Image.Resampling.BOX)
    return Signature(np.array(hashes, dtype=np.uint64), np.asarray(small))


def group_photos(
    signatures: Sequence[Signature], named: Sequence[str], bits: int
) -> npt.NDArray[np.int64]:
    """Find the groups of near-duplicates: connected components of their pairs.

    A pair has hashes that differ in at most `bits` bits in some orientation, and thumbnails that
    correlate in it. Hashes alone coincide by chance, and chains of such pairs would merge
    unrelated photos.

    Args:
        signatures: of the photos, see sign_photo.
        named: the group that the source names for each photo, or empty.
        bits: the hashes of near-duplicates differ in at most as many.

    Returns:
        The row of the first photo of each photo's group.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not signatures:
        return np.empty(0, np.int64)
    hashes, thumbnails = (np.array(parts) for parts in zip(*signatures, strict=True))
    by_name: dict[str, list[int]] = {}
    for row, name in enumerate(named):
        by_name.setdefault(name or f"\0{row}", []).append(row)
    chains = [np.array(list(pairwise(rows))).reshape(-1, 2) for rows in by_name.values()]
    pairs = np.concatenate([*chains, *_similar(hashes, thumbnails, bits)]).astype(np.int64)
    graph = coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(len(named),) * 2)
    _, part = connected_components(graph, directed=False)
    _, firsts, place = np.unique(part, return_index=True, return_inverse=True)
    return np.asarray(firsts[place], dtype=np.int64)


def _similar(hashes: Hashes, thumbnails: Thumbnails, bits: int) -> Iterator[npt.NDArray[np.int64]]:
    """Find pairs of rows with close hashes, and thumbnails that correlate, in some orientation."""
    upright = _standardise(thumbnails)
    for column, turn in enumerate(track(_TURNS, "Comparing photos")):
        views = _standardise(np.array([_turn(thumbnail, turn) for thumbnail in thumbnails]))
        for start in range(0, len(hashes), _BLOCK):
            apart = np.bitwise_count(hashes[start : start + _BLOCK, column, None] ^ hashes[:, 0])
            pairs = np.argwhere(apart <= bits) + np.array([start, 0])
            pairs = pairs[pairs[:, 0] < pairs[:, 1]]
            for part in np.array_split(pairs, 1 + len(pairs) // _PAIRS):
                correlation = (views[part[:, 0]] * upright[part[:, 1]]).sum(axis=1)
                yield part[correlation >= _MIN_CORRELATION]


def _turn(thumbnail: npt.NDArray[np.uint8], turn: Image.Transpose | None) -> npt.NDArray[np.uint8]:
    image = Image.fromarray(thumbnail)
    return np.asarray(image if turn is None else image.transpose(turn))


def _standardise(thumbnails: Thumbnails) -> npt.NDArray[np.float32]:
    """Rows of mean 0 and length 1, so that their products are correlations."""
    flat = thumbnails.reshape(len(thumbnails), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    return flat


def straddling(photos: pd.DataFrame) -> list[str]:
    """The groups with photos in more than one split, which would leak training photos."""
    splits = photos.groupby("group")["split"].nunique()
    return [str(name) for name in splits[splits > 1].index]

"""Numbers for a classifier out of what was seen. Labels play no part here."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .playing import Seen
from .responses import Value

Matrix = NDArray[np.float64]
Pairs = NDArray[np.intp]  # (pairs, 2): the earlier and the later read

FAMILIES = ("lengths", "headers", "page", "times", "token", "order")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
BINS = 6
MOST_VALUES = 100  # one-hot columns of one text
MISSING = "not there"


def read_features(seen: Sequence[Seen]) -> dict[str, Matrix]:
    """family → (reads, features), every column of unit variance, once.

    Numbers enter as rank and as sixths of the ranks; texts as one column for each
    value that occurs more than once, and by their length; a token by the bits of
    its characters; the order by session, place and place modulo 2 … 12.
    """
    found: dict[str, list[Matrix]] = {family: [] for family in FAMILIES}
    for name, column in _columns(seen).items():
        found[name.split("/")[0]].append(_spread(column))
    found["token"].append(_token_bits(seen))
    found["order"].append(_order(seen))
    return _families(found, len(seen))


def pair_features(seen: Sequence[Seen], pairs: Pairs) -> dict[str, Matrix]:
    """family → (pairs, features): how alike two reads of one reader are.

    For each number or text: are they equal, how far are their ranks apart, and
    the later one alone; tokens by equal characters at equal places.
    """
    found: dict[str, list[Matrix]] = {family: [] for family in FAMILIES}
    for name, column in _columns(seen).items():
        found[name.split("/")[0]].append(_alike(column, pairs))
    found["token"].append(_tokens_alike(seen, pairs))
    found["order"].append(_places_apart(seen, pairs))
    return _families(found, len(pairs))


def _families(found: dict[str, list[Matrix]], rows: int) -> dict[str, Matrix]:
    families = {
        family: _standardised(np.hstack([np.zeros((rows, 0)), *parts]))
        for family, parts in found.items()
    }
    return families | {"everything": np.hstack(list(families.values()))}


def _standardised(matrix: Matrix) -> Matrix:
    """Columns of mean 0 and variance 1, each once; none that does not vary."""
    spread = matrix.std(axis=0)
    varies = spread > 1e-9
    centred = matrix[:, varies] - matrix[:, varies].mean(axis=0)
    columns = np.round(centred / spread[varies], 9).T
    first = {column.tobytes(): index for index, column in enumerate(columns)}
    return np.asarray(columns[sorted(first.values())].T, np.float64)


def _columns(seen: Sequence[Seen]) -> dict[str, list[Value]]:
    """name → a value for each read.

    Where a whole answer is missing (no guess was asked, nothing was fetched ahead),
    the column says what is usual: that it is missing, another one says already.
    """
    names = sorted({name for one in seen for name in one.values})
    columns = {}
    for name in names:
        column = [one.values.get(name, MISSING) for one in seen]
        status = f"headers/{name.split('/')[1]}/status"
        if status in names:
            column = _filled(column, [status in one.values for one in seen])
        columns[name] = column
    return columns


def _filled(column: list[Value], answered: list[bool]) -> list[Value]:
    """With the middle one of the numbers that are there, or the commonest text."""
    there = [v for v, is_there in zip(column, answered, strict=True) if is_there]
    numbers = sorted(value for value in there if not isinstance(value, str))
    usual: Value = Counter(there).most_common(1)[0][0]
    if len(numbers) == len(there):
        usual = numbers[len(numbers) // 2]
    return [v if ok else usual for v, ok in zip(column, answered, strict=True)]


def _ranks(values: Sequence[float] | Matrix) -> Matrix:
    """Mean ranks, from 0 to 1."""
    _, inverse, counts = np.unique(
        np.asarray(values, np.float64), return_inverse=True, return_counts=True
    )
    middle = np.cumsum(counts) - (counts + 1) / 2
    return np.asarray(middle[inverse] / max(1, len(inverse) - 1), np.float64)


def _numbers(column: list[Value]) -> Matrix:
    """Ranks of a column; of a text its length's."""
    return _ranks([len(v) if isinstance(v, str) else v for v in column])


def _codes(column: list[Value]) -> NDArray[np.intp]:
    """The same number for the same value."""
    texts = [repr(value) for value in column]
    return np.unique(texts, return_inverse=True)[1]


def _one_hot(column: list[Value]) -> Matrix:
    codes = _codes(column)
    common = [
        code
        for code, times in Counter(codes.tolist()).most_common(MOST_VALUES)
        if 1 < times < len(codes)
    ]
    return np.asarray(codes[:, None] == np.asarray(common, int)[None], np.float64)


def _binned(ranks: Matrix) -> Matrix:
    bins = np.minimum((ranks * BINS).astype(int), BINS - 1)
    return np.asarray(bins[:, None] == np.arange(BINS)[None], np.float64)


def _spread(column: list[Value]) -> Matrix:
    ranks = _numbers(column)
    return np.hstack([ranks[:, None], _binned(ranks), _one_hot(column)])


def _alike(column: list[Value], pairs: Pairs) -> Matrix:
    ranks, codes = _numbers(column), _codes(column)
    earlier, later = pairs.T
    return np.column_stack(
        [
            codes[earlier] == codes[later],
            np.abs(ranks[earlier] - ranks[later]),
            ranks[later],
            _one_hot(column)[later][:, :BINS],
        ]
    ).astype(np.float64)


def _token_codes(seen: Sequence[Seen]) -> NDArray[np.intp]:
    """(reads, characters): places in the URL-safe alphabet, −1 for none."""
    longest = max(len(one.token) for one in seen)
    return np.array(
        [[ALPHABET.find(c) for c in one.token.ljust(longest)] for one in seen]
    )


def _token_bits(seen: Sequence[Seen]) -> Matrix:
    codes = _token_codes(seen)
    bits = (codes[:, :, None] >> np.arange(6)) & 1
    return np.hstack([bits.reshape(len(seen), -1), codes]).astype(np.float64)


def _tokens_alike(seen: Sequence[Seen], pairs: Pairs) -> Matrix:
    codes = _token_codes(seen)
    equal = codes[pairs[:, 0]] == codes[pairs[:, 1]]
    common_start = np.cumprod(equal, axis=1).sum(axis=1)
    return np.column_stack([equal, equal.sum(axis=1), common_start]).astype(np.float64)


def _order(seen: Sequence[Seen]) -> Matrix:
    session = np.array([one.session for one in seen])
    number = np.array([one.number for one in seen])
    place = number / np.array([one.of for one in seen])
    in_session = session[:, None] == np.unique(session)[None]
    parts = [in_session, place[:, None], _binned(place)]
    parts.append(
        (in_session[:, :, None] * _binned(place)[:, None]).reshape(len(seen), -1)
    )
    for period in range(2, 13):
        parts.append(number[:, None] % period == np.arange(period)[None])
    return np.hstack(parts).astype(np.float64)


def _places_apart(seen: Sequence[Seen], pairs: Pairs) -> Matrix:
    position = np.array([one.position for one in seen])
    session = np.array([one.session for one in seen])
    place = np.array([one.number / one.of for one in seen])
    earlier, later = pairs.T
    apart = position[later] - position[earlier]
    shift = np.abs(place[later] - place[earlier])
    parts = [
        _ranks(apart)[:, None],
        apart[:, None] <= np.array([1, 2, 3, 5, 8, 13, 21])[None],
        (session[later] - session[earlier])[:, None],
        place[earlier][:, None],
        place[later][:, None],
        shift[:, None] <= np.array([0.02, 0.05, 0.1, 0.2, 0.4])[None],
    ]
    for period in range(2, 13):
        parts.append((apart % period == 0)[:, None])
    return np.hstack(parts).astype(np.float64)

"""Products that read alike: neighbours from names and attributes, for items that nobody has bought yet.

Character n-grams inside words, accents folded, weighted by how rare they are (Salton and Buckley, 1988, tf·idf with
cosine), by scikit-learn's TfidfVectorizer. Grams absorb gender, plural and accents, so Spanish and English need no
dictionary. Columns such as category, brand or type join as blocks of their own. Reads columns, writes nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from volver.core import unaccented
from volver.predict.numerics.arrays import Codes, Floats, Ints
from volver.predict.numerics.frames import UnevenColumns, arrow_of
from volver.predict.numerics.params import Params
from volver.predict.recommend.interactions import Interactions, encode

_LETTERS: Final = (3, 5)  # of a gram
_CELLS: Final = 4_000_000  # of similarities at once: 32 MB
_COMMON: Final = 2_000  # texts; a gram in more than these (or a fifth of them) does not look for neighbours
_WEIGHTS: Final = {"category": 0.25, "type": 0.25}  # of attributes; the text counts 1
_WEIGHT: Final = 0.1  # of any other attribute
_SHARPEN: Final = 3  # power of the likeness when customers are ranked; flat between 2 and 6 on held-out products
_SAME_KIND: Final = 0.02  # what a purchase of the same category counts, against 1 for a twin
_BUSY: Final = 0.01  # what a customer's number of products counts, logarithmic: it only breaks ties


@dataclass(frozen=True, slots=True)
class Alike:
    """Neighbours as arrays `(n, k)`: item codes, nearest first and -1 where there are no more, and their likeness."""

    item: Codes
    score: NDArray[np.float32]


def fold(text: str | None) -> str:
    """Lower-case words without accents or punctuation.

    >>> fold("Camión de RECOGIDA: 3/4")
    'camion de recogida 3 4'
    """
    return " ".join(re.findall(r"\w+", unaccented((text or "").lower())))


class TextSimilarity(Params):
    """Nearest items by their text. `top` neighbours are kept per item.

    `weights` say what each attribute column counts beside the text's 1 (None: category and type 0.25, others 0.1).
    Learned: `items_` (the identifiers) and `table_` (the neighbours of every item).

    >>> names = ["Leche entera 1 L", "Leche desnatada 1 L", "Zapatos rojos de mujer", "Zapato rojo de niña"]
    >>> model = TextSimilarity().fit([1, 2, 3, 4], names)
    >>> [int(model.similar([item], 1)["similar"][0]) for item in (1, 3)]
    [2, 4]
    """

    def __init__(self, *, top: int = 32, weights: Mapping[str, float] | None = None) -> None:
        self.top = top
        self.weights = weights

    def fit(
        self,
        items: Any,
        texts: Sequence[str | None],
        attributes: Mapping[str, Sequence[str | None]] | None = None,
        popularity: Any = None,
    ) -> Self:
        """Learn the catalogue: one text per item, more columns by name. Among equal texts the popular come first.

        Raises `UnevenColumns`.
        """
        self.items_, codes = encode(items)
        first = np.full(len(self.items_), -1, dtype=np.int64)
        first[codes[::-1]] = np.arange(len(codes))[::-1]  # an item told twice keeps its first text
        told = _told(len(codes), texts, attributes or {})
        told = {name: [column[row] for row in first] for name, column in told.items()}
        weight = np.zeros(len(first)) if popularity is None else np.asarray(popularity, dtype=np.float64)[first]
        self.columns_ = [name for name in told if name != "text"]
        self.kind_ = _folded(told)
        self._learn_grams([told["text"][row] for row in range(len(first))])
        kinds, self.row_of_ = _distinct(told)
        self.values_ = {
            name: sorted({kinds[name][row] for row in range(len(kinds["text"]))} - {""}) for name in self.columns_
        }
        self.rows_ = self._vectors(kinds)
        self._group(weight)
        self.table_ = self._own_table()
        return self

    def similar(self, items: Any, k: int | None = None) -> dict[str, NDArray[Any]]:
        """Columns item, similar, score (0 to 1) and rank: up to `k` neighbours of each known item."""
        codes = self.items_.codes(items)
        codes = codes[codes >= 0]
        near = self.table_.item[codes, : k or self.top]
        row, rank = np.nonzero(near >= 0)
        return {
            "item": self.items_.as_given(codes[row]),
            "similar": self.items_.as_given(near[row, rank]),
            "score": self.table_.score[codes[row], rank],
            "rank": rank + 1,
        }

    def neighbours_of_new(
        self, texts: Sequence[str | None], attributes: Mapping[str, Sequence[str | None]] | None = None
    ) -> Alike:
        """The nearest known items of texts that are not in the catalogue."""
        told = _told(len(texts), texts, attributes or {})
        given = {name: [fold(value) for value in told.get(name, [None] * len(texts))] for name in self._names()}
        return self._expanded(*self._nearest(self._vectors(given), self.top))

    def wanted_by(
        self,
        interactions: Interactions,
        texts: Sequence[str | None],
        attributes: Mapping[str, Sequence[str | None]] | None = None,
    ) -> NDArray[np.float32]:
        """How much each customer would want each new text, `(n_users, n_texts)`: what they bought that is like it.

        Likeness to the neighbours that a customer bought, a little for anything of the same category, and very little
        for buying many products at all. Comparable between customers of one text, not between texts.
        """
        near = self.neighbours_of_new(texts, attributes)
        bought = self._bought(interactions)
        rows = np.repeat(np.arange(len(texts)), near.item.shape[1])
        there = near.item.ravel() >= 0
        wanted = sparse.csr_matrix(
            (near.score.ravel()[there] ** _SHARPEN, (near.item.ravel()[there], rows[there])),
            shape=(len(self.items_), len(texts)),
        )
        score = (bought @ wanted).toarray()
        if "category" in (attributes or {}) and self.kind_ is not None:
            score += _SAME_KIND * self._same_kind(bought, (attributes or {})["category"])
        busy = np.log1p(np.asarray(bought.sum(axis=1)).ravel())
        found: NDArray[np.float32] = (score + _BUSY * busy[:, None]).astype(np.float32)
        return found

    def _names(self) -> list[str]:
        return ["text", *self.columns_]

    def _learn_grams(self, texts: list[str]) -> None:
        """Which grams there are and how rare: idf = ln((1 + n) / (1 + df)) + 1 over all items."""
        self.grams_, self.idf_ = np.zeros(0, dtype=np.str_), np.zeros(0, dtype=np.float32)
        if any(texts):
            model = _vectorizer().fit(texts)
            self.grams_, self.idf_ = np.array(model.get_feature_names_out(), dtype=np.str_), model.idf_

    def _text(self, texts: Sequence[str]) -> Any:
        """Unit vectors of folded texts over the grams that were learned."""
        if not len(self.grams_):
            return sparse.csr_matrix((len(texts), 0), dtype=np.float32)
        model = _vectorizer(self.grams_.tolist())
        model.idf_ = self.idf_
        return model.transform(texts)

    def _vectors(self, told: Mapping[str, Sequence[str]]) -> Any:
        """Unit vectors of folded rows: the text's grams, then a block per attribute."""
        n = len(told["text"])
        blocks = [self._text(told["text"])]
        weights = self.weights or _WEIGHTS
        for name in self.columns_:
            values = {value: column for column, value in enumerate(self.values_[name])}
            column = np.array([values.get(value, -1) for value in told[name]], dtype=np.int64)
            there = column >= 0
            weight = np.full(int(there.sum()), np.sqrt(weights.get(name, _WEIGHT)), dtype=np.float32)
            shape = (n, max(len(values), 1))
            blocks.append(sparse.csr_matrix((weight, (np.flatnonzero(there), column[there])), shape=shape))
        return _unit(sparse.hstack(blocks, format="csr", dtype=np.float32))

    def _group(self, weight: Floats) -> None:
        """Items by the distinct row they share, the heavier first."""
        self.members_ = np.lexsort((-weight, self.row_of_)).astype(np.int32)
        self.starts_ = np.searchsorted(self.row_of_[self.members_], np.arange(self.rows_.shape[0] + 1)).astype(np.int64)

    def _nearest(self, asked: Any, k: int) -> tuple[Ints, NDArray[np.float32]]:
        """The k most alike distinct rows of each asked vector."""
        columns = np.diff(self.rows_.tocsc().indptr)
        rare = columns <= max(_COMMON, self.rows_.shape[0] // 5)
        rare[len(self.grams_) :] = True
        found = self.rows_.multiply(rare[None, :]).tocsr() if not rare.all() else self.rows_
        known, n = found.T.tocsr(), self.rows_.shape[0]
        k = min(k, n)
        best, likeness = np.zeros((asked.shape[0], k), np.int64), np.zeros((asked.shape[0], k), np.float32)
        step = max(1, _CELLS // max(n, 1))
        for start in range(0, asked.shape[0], step):
            scores = (asked[start : start + step] @ known).toarray()
            top = np.argpartition(-scores, k - 1, axis=1)[:, :k]
            value = np.take_along_axis(scores, top, axis=1)
            order = np.lexsort((top, -value), axis=1)
            best[start : start + step] = np.take_along_axis(top, order, axis=1)
            likeness[start : start + step] = np.take_along_axis(value, order, axis=1)
        return best, likeness

    def _expanded(self, rows: Ints, likeness: NDArray[np.float32], k: int | None = None) -> Alike:
        """Items instead of distinct rows, nearest first, `k` of them."""
        k = min(k or self.top, len(self.items_))
        size = np.where(likeness > 0, np.diff(self.starts_)[rows], 0)
        until = np.cumsum(size, axis=1)
        item, score = np.full((len(rows), k), -1, np.int32), np.zeros((len(rows), k), np.float32)
        line = np.arange(len(rows))
        for rank in range(k):
            column = np.minimum((until <= rank).sum(axis=1), rows.shape[1] - 1)
            there = rank < until[:, -1]
            offset = rank - (until[line, column] - size[line, column])
            group = self.starts_[rows[line, column]] + offset
            item[there, rank] = self.members_[group[there]]
            score[there, rank] = likeness[line, column][there]
        return Alike(item, score)

    def _own_table(self) -> Alike:
        """Neighbours of every known item, itself left out."""
        shared = self._expanded(*self._nearest(self.rows_, self.top + 1), self.top + 1)
        item, score = shared.item[self.row_of_], shared.score[self.row_of_]
        own = item == np.arange(len(item), dtype=np.int32)[:, None]
        own[~own.any(axis=1), -1] = True
        if not item.shape[1]:
            return Alike(item, score)
        shape = (len(item), item.shape[1] - 1)
        return Alike(item[~own].reshape(shape), np.minimum(score[~own].reshape(shape), 1.0))

    def _bought(self, interactions: Interactions) -> Any:
        """Customers by items of this catalogue, 1 where bought."""
        place = self.items_.codes(interactions.items.originals(np.arange(interactions.n_items)))[interactions.item]
        there = place >= 0
        shape = (interactions.n_users, len(self.items_))
        bought = sparse.csr_matrix(
            (np.ones(int(there.sum()), np.float32), (interactions.user[there], place[there])), shape
        )
        bought.data[:] = 1.0
        return bought

    def _same_kind(self, bought: Any, wanted: Sequence[str | None]) -> NDArray[np.float32]:
        """How many products of the wanted category each customer bought, `(n_users, n_texts)`."""
        names = sorted(set(self.kind_ or []) - {""})
        place = {name: number for number, name in enumerate(names)}
        kinds = np.array([place.get(name, -1) for name in self.kind_ or []])
        there = kinds >= 0
        shape = (len(kinds), len(names) + 1)
        member = sparse.csr_matrix(
            (np.ones(int(there.sum()), np.float32), (np.flatnonzero(there), kinds[there])), shape
        )
        columns = np.array([place.get(fold(name), len(names)) for name in wanted], dtype=np.int64)
        found: NDArray[np.float32] = (bought @ member).tocsc()[:, columns].toarray()
        return found


def _vectorizer(grams: Sequence[str] | None = None) -> Any:
    """Folded texts as tf·idf of their grams; over these grams, where some were learned."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        analyzer="char_wb", ngram_range=_LETTERS, lowercase=False, vocabulary=grams, dtype=np.float32
    )


def _told(n: int, texts: Any, attributes: Mapping[str, Any]) -> dict[str, list[Any]]:
    found = {"text": arrow_of(texts).to_pylist()}
    found.update({name: arrow_of(column).to_pylist() for name, column in attributes.items()})
    for name, column in found.items():
        if len(column) != n:
            raise UnevenColumns(lengths=f"{name} {len(column)}, items {n}")
    return found


def _folded(told: dict[str, list[Any]]) -> list[str] | None:
    """Fold every column in place; the category of each item."""
    for name, column in told.items():
        known = {value: fold(None if value is None else str(value)) for value in set(column)}
        told[name] = [known[value] for value in column]
    return told.get("category")


def _distinct(told: dict[str, list[str]]) -> tuple[dict[str, list[str]], Codes]:
    """The distinct rows of the columns, and which of them each item has."""
    place: dict[tuple[str, ...], int] = {}
    row_of = np.array([place.setdefault(row, len(place)) for row in zip(*told.values(), strict=True)], dtype=np.int32)
    columns = list(zip(*place, strict=True)) if place else [() for _ in told]
    return {name: list(column) for name, column in zip(told, columns, strict=True)}, row_of


def _unit(rows: Any) -> Any:
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return (sparse.diags(1.0 / np.maximum(length, 1e-12)) @ rows).tocsr().astype(np.float32)

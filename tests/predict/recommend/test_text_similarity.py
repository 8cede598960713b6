"""Products that read alike, in Spanish and English, and who would want a product that nobody has bought yet."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from tests.predict.world import shared
from volver.core import clock
from volver.predict.recommend.interactions import Interactions
from volver.predict.recommend.text_similarity import TextSimilarity, UnevenColumns, fold

CATALOGUE = [
    "Camiseta de algodón roja",
    "Camisetas de algodon rojas",
    "Pantalón vaquero azul",
    "Whole milk 1 litre",
    "Skimmed milk 1 litre",
    "Leche entera 1 L",
    "Women's red shoes",
    "Red shoe for women",
    "Taladro percutor 800 W",
]

words = st.text("abcdefñáé ", min_size=1, max_size=24)


def test_accents_capitals_and_plurals_do_not_hide_a_neighbour() -> None:
    model = TextSimilarity().fit(range(9), CATALOGUE)
    first = {item: int(model.similar([item], 1)["similar"][0]) for item in (0, 1, 3, 6)}
    assert first == {0: 1, 1: 0, 3: 4, 6: 7}


def test_likeness_is_the_cosine_of_char_wb_tf_idf() -> None:
    model = TextSimilarity(top=8).fit(range(9), CATALOGUE)
    folded = [fold(text) for text in CATALOGUE]
    rows = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5)).fit_transform(folded)
    expected = (rows @ rows.T).toarray()
    found = model.similar(range(9))
    assert np.allclose(found["score"], expected[found["item"], found["similar"]], atol=1e-5)
    assert len(found["item"]) == int((expected > 0).sum()) - 9


@given(st.lists(words, min_size=2, max_size=12))
def test_any_texts_give_each_item_others_in_falling_order(texts: list[str]) -> None:
    model = TextSimilarity(top=4).fit(range(len(texts)), texts)
    near = model.table_
    for item in range(len(texts)):
        others = [code for code in near.item[item].tolist() if code >= 0]
        assert item not in others
        assert len(set(others)) == len(others)
    assert np.all(np.diff(near.score, axis=1) <= 1e-6)
    assert near.score.min(initial=0.0) >= 0.0
    assert near.score.max(initial=0.0) <= 1.0


def test_equal_texts_are_nearest_and_the_popular_ones_come_first() -> None:
    model = TextSimilarity().fit([1, 2, 3, 4], ["pan", "pan", "pan", "vino"], popularity=[1, 5, 9, 2])
    assert model.similar([1])["similar"].tolist() == [3, 2]


def test_an_attribute_breaks_a_tie_between_texts() -> None:
    names = ["Base set", "Base set", "Base set deluxe", "Other"]
    kinds = ["toys", "beds", "toys", None]
    model = TextSimilarity().fit(range(4), names, {"category": kinds})
    near = model.neighbours_of_new(["Base set"], {"category": ["beds"]})
    assert near.item[0, 0] == 1


def test_a_column_of_another_length_is_refused() -> None:
    with pytest.raises(UnevenColumns):
        TextSimilarity().fit([1, 2], ["a", "b"], {"brand": ["x"]})


def test_what_was_saved_answers_the_same(tmp_path: Path) -> None:
    model = TextSimilarity().fit([f"sku-{n}" for n in range(9)], CATALOGUE, {"category": ["a", "b", None] * 3})
    model.save(tmp_path)
    again = TextSimilarity.load(tmp_path)
    assert not list(tmp_path.glob("*.pkl"))
    for name, column in model.similar(["sku-0", "sku-6"]).items():
        assert np.array_equal(column, again.similar(["sku-0", "sku-6"])[name])
    new = ["camiseta verde"], {"category": ["a"]}
    assert np.array_equal(model.neighbours_of_new(*new).item, again.neighbours_of_new(*new).item)


def test_who_bought_the_neighbours_wants_the_new_one_most() -> None:
    bought = Interactions.of({"user": [1, 2, 2, 3], "item": [6, 0, 2, 8]})
    wanted = TextSimilarity().fit(range(9), CATALOGUE).wanted_by(bought, ["Camiseta de algodón verde", "Red shoes"])
    assert wanted.argmax(axis=0).tolist() == [1, 0]


@pytest.mark.slow
def test_cold_products_of_complete_journey_find_their_households() -> None:
    products, who = _journey()
    hidden = np.sort(np.random.default_rng(0).choice(len(products), 300, replace=False))
    seen = np.setdiff1d(np.arange(len(products)), hidden)
    names, kinds = np.array([row[1] for row in products]), np.array([row[2] for row in products])
    ids = np.array([row[0] for row in products])
    began = clock.cpu_s()
    model = TextSimilarity().fit(ids[seen], names[seen].tolist(), {"category": kinds[seen].tolist()})
    spent = clock.cpu_s() - began
    scores = model.wanted_by(who, names[hidden].tolist(), {"category": kinds[hidden].tolist()})
    place = who.items.codes(ids[hidden])
    areas = [_auc(scores[:, column], who.user[who.item == code]) for column, code in enumerate(place)]
    assert np.mean(areas) >= 0.80
    assert spent <= 3.0


def _journey() -> tuple[list[tuple[int, str, str]], Interactions]:
    import duckdb

    from volver.collect.completejourney import category_name, product_name

    sold = shared("completejourney/transactions.parquet")
    with duckdb.connect() as db:
        rows = db.execute(
            f"""select product_id, department, product_category, product_type, package_size, brand
                from '{shared("completejourney/products.parquet")}'
                join (select product_id, count(*) as n from '{sold}' group by 1) using (product_id)
                where n >= 27 and department not in ('FUEL', 'MISCELLANEOUS', 'COUPON') order by 1"""
        ).fetchall()
        pairs = db.execute(f"select distinct household_id, product_id from '{sold}' order by all").fetchnumpy()
    named = [
        (each[0], product_name(*each[1:5]) + (", own brand" if each[5] == "Private" else ""), category_name(*each[1:3]))
        for each in rows
    ]
    wanted = np.isin(pairs["product_id"], [each[0] for each in named])
    return named, Interactions.of({"user": pairs["household_id"][wanted], "item": pairs["product_id"][wanted]})


def _auc(score: np.ndarray, buyers: np.ndarray) -> float:
    from scipy.stats import rankdata

    yes = np.zeros(len(score), dtype=bool)
    yes[buyers] = True
    ranks, n = rankdata(score), int(yes.sum())
    return float((ranks[yes].sum() - n * (n + 1) / 2) / (n * (len(score) - n)))

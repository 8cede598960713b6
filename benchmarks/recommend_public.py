"""The recommender with default settings on public data, beside popularity, item neighbours and published outputs.

Run: python benchmarks/recommend_public.py [beauty movielens yoochoose instacart]. Needs ../shared/data beside the
repository and skips what is absent. With `implicit` importable (see recommend.py) its ALS and cosine run on MovieLens.
Every line: mean over users and the 95 % bootstrap interval by user. Nothing is tuned on what is held out here.
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from volver.predict.recommend.recommender import Recommender
from volver.predict.recommend.sessions import SessionNeighbours

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
POPULAR, ITEMS = ("popular",), ("together",)


def interval(values: np.ndarray) -> str:
    chance = np.random.default_rng(0)
    means = [values[chance.integers(0, len(values), len(values))].mean() for _ in range(500)]
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{values.mean():.4f} [{low:.4f}, {high:.4f}]"


def measures(ranked: dict, truth: dict) -> dict[str, np.ndarray]:
    """NDCG@10, Recall@10, Recall@20, HR@10, MRR@20 per user; a user without a list scores 0."""
    gain = 1 / np.log2(np.arange(2, 22))
    found: dict[str, list[float]] = {name: [] for name in ("NDCG@10", "R@10", "R@20", "HR@10", "HR@20", "MRR@20")}
    for user, wanted in truth.items():
        hit = np.zeros(20)
        own = [item in wanted for item in ranked.get(user, ())][:20]
        hit[: len(own)] = own
        n = len(wanted)
        found["NDCG@10"].append(float((hit[:10] * gain[:10]).sum() / gain[: min(n, 10)].sum()))
        found["R@10"].append(hit[:10].sum() / n)
        found["R@20"].append(hit.sum() / n)
        found["HR@10"].append(float(hit[:10].any()))
        found["HR@20"].append(float(hit.any()))
        found["MRR@20"].append(1 / (1 + np.argmax(hit)) if hit.any() else 0.0)
    return {name: np.array(values) for name, values in found.items()}


def line(name: str, ranked: dict, truth: dict, which: tuple[str, ...], cost: str = "") -> None:
    values = measures(ranked, truth)
    print(f"  {name:<34}" + "  ".join(f"{m} {interval(values[m])}" for m in which) + f"  {cost}", flush=True)


def lists(frame: pd.DataFrame, user: str, item: str) -> dict:
    return frame.groupby(user, sort=False)[item].agg(list).to_dict()


def sets(frame: pd.DataFrame, user: str, item: str) -> dict:
    return frame.groupby(user)[item].agg(set).to_dict()


def ours(train: pd.DataFrame, test: pd.DataFrame, which: tuple[str, ...], **columns: str) -> None:
    """Popularity, item neighbours and the default, on the same split."""
    truth = sets(test, columns["user"], columns["item"])
    n_repeat = len(test.merge(train[[columns["user"], columns["item"]]].drop_duplicates()))
    print(f"  {len(train):,} rows learned; {len(truth):,} users asked; {n_repeat / len(test):.1%} of it are repeats")
    for name, sources in (("popularity", POPULAR), ("item neighbours", ITEMS), ("default", None)):
        before = time.process_time()
        model = Recommender(sources=sources).fit(train, **columns)
        fitted = time.process_time()
        ranked = lists(model.recommend(list(truth), k=20), columns["user"], columns["item"])
        asked = 1000 * (time.process_time() - fitted) / len(truth)
        line(name, ranked, truth, which, f"fit {fitted - before:.1f} CPU-s, {asked:.2f} ms a user")
    print("  chosen:", *model.choice_.why, "Seen items", "left out." if model.choice_.exclude_seen else "stay.")


def peers(train: pd.DataFrame, test: pd.DataFrame, which: tuple[str, ...], user: str, item: str) -> None:
    """implicit's cosine and ALS, where it is importable."""
    try:
        from implicit.als import AlternatingLeastSquares
        from implicit.nearest_neighbours import CosineRecommender
    except ImportError:
        print("  (implicit is not importable: its cosine and ALS are skipped)")
        return
    import scipy.sparse as sp

    users, u = np.unique(train[user], return_inverse=True)
    items, i = np.unique(train[item], return_inverse=True)
    matrix = sp.csr_matrix((np.ones(len(u), dtype=np.float32), (u, i)), shape=(len(users), len(items)))
    truth = sets(test, user, item)
    asked = np.array([n for n, who in enumerate(users) if who in truth])
    for name, model in (
        ("implicit cosine, K 100", CosineRecommender(K=100, num_threads=1)),
        ("implicit ALS, 64 factors", AlternatingLeastSquares(factors=64, random_state=0, num_threads=1)),
    ):
        model.fit(matrix, show_progress=False)
        found, _ = model.recommend(asked, matrix[asked], N=20, filter_already_liked_items=True)
        line(name, {users[n]: items[row].tolist() for n, row in zip(asked, found, strict=True)}, truth, which)


def beauty() -> None:
    rows = pd.read_parquet(DATA / "amazon_beauty/sequences.parquet")
    last = rows.groupby("user_id").position.transform("max") == rows.position
    print("\namazon_beauty, last item of each user, all items ranked")
    ours(rows[~last], rows[last], ("HR@10", "NDCG@10", "MRR@20"), user="user_id", item="item_id", time="position")


def movielens() -> None:
    rows = pd.read_parquet(DATA / "movielens_100k/ratings.parquet")
    which = ("NDCG@10", "R@10", "R@20")
    cut = rows.rated_at.quantile(0.8)
    late = rows.rated_at > cut
    latest = rows.sort_values("rated_at", kind="stable").groupby("user_id").tail(1).index
    drawn = np.random.default_rng(0).random(len(rows)) < 0.2
    last = rows.index.isin(latest)
    for name, held in (("split in time 80/20", late), ("last item of each user", last), ("random 20 %", drawn)):
        train, test = rows[~held], rows[held]
        test = test[test.user_id.isin(train.user_id)]
        print(f"\nmovielens_100k, {name}")
        ours(train, test, which, user="user_id", item="item_id", time="rated_at")
        peers(train, test, which, "user_id", "item_id")


def yoochoose() -> None:
    folder = DATA / "yoochoose_100k"
    train, test = pd.read_parquet(folder / "train_full.parquet"), pd.read_parquet(folder / "test.parquet")
    # the published outputs say nothing before the first and after the last click, and follow time, then row
    test = test.sort_values(["session_id", "clicked_at"], kind="stable")
    sessions = test.groupby("session_id").item_id.agg(list).to_dict()
    reference = pd.read_parquet(folder / "reference_recs_vsknn.parquet")[["SessionId", "Position"]]
    places = [(s, p) for s, p in zip(reference.SessionId, reference.Position, strict=True) if p + 1 < len(sessions[s])]
    truth = {(s, p): {sessions[s][p + 1]} for s, p in places}
    print(f"\nyoochoose_100k, next click at the {len(truth)} published positions")
    which = ("MRR@20", "HR@20")
    for name in ("ar", "sr", "vsknn", "gru4rec"):
        published = pd.read_parquet(folder / f"reference_recs_{name}.parquet")
        ranked = {
            (s, p): [int(item) for item in told.split(",")[:20]]
            for s, p, told in zip(published.SessionId, published.Position, published.Recommendations, strict=True)
        }
        line(f"published {name}", ranked, truth, which)
    for name, model in (
        ("popularity", Recommender(sources=POPULAR)),
        ("session neighbours", SessionNeighbours(m=500, k=100, last=5, keep_last=True)),
        ("default", Recommender()),
    ):
        before = time.process_time()
        model.fit(train)
        fitted = time.process_time()
        ranked = {(s, p): model.next_items(sessions[s][: p + 1], 20) for s, p in truth}
        asked = 1000 * (time.process_time() - fitted) / len(truth)
        line(name, ranked, truth, which, f"fit {fitted - before:.1f} CPU-s, {asked:.2f} ms a list")
    print("  chosen:", *model.choice_.why, "Seen items", "left out." if model.choice_.exclude_seen else "stay.")
    known = set(train.item_id)
    everywhere = [(s, p) for s, own in sessions.items() for p in range(len(own) - 1) if own[p + 1] in known]
    truth = {(s, p): {sessions[s][p + 1]} for s, p in everywhere}
    ranked = {(s, p): model.next_items(sessions[s][: p + 1], 20) for s, p in truth}
    line("default, every test position", ranked, truth, which)


def instacart() -> None:
    rows = pd.read_parquet(DATA / "instacart_sample/order_items.parquet")
    last = rows.groupby("user_id").order_number.transform("max") == rows.order_number
    train, test = rows[~last], rows[last]
    test = test[test.user_id.isin(train.user_id)]
    which = ("NDCG@10", "R@10", "R@20")
    print("\ninstacart_sample, last order of each user")
    truth = sets(test, "user_id", "product_id")
    popular = train.groupby("product_id").size().sort_values(ascending=False).index[:200].tolist()
    own = train.groupby(["user_id", "product_id"]).size().sort_values(ascending=False, kind="stable").reset_index()
    often = lists(own, "user_id", "product_id")
    ranked = {user: list(dict.fromkeys(often.get(user, []) + popular))[:20] for user in truth}
    line("own most frequent, then popular", ranked, truth, which)
    ours(train, test, which, user="user_id", item="product_id", time="order_number", basket="order_id")


def main(wanted: list[str]) -> None:
    for name, folder, run in (
        ("beauty", "amazon_beauty", beauty),
        ("movielens", "movielens_100k", movielens),
        ("yoochoose", "yoochoose_100k", yoochoose),
        ("instacart", "instacart_sample", instacart),
    ):
        if wanted and name not in wanted:
            continue
        if not (DATA / folder).exists():
            print(f"skipped {name}: {DATA / folder} is absent")
            continue
        run()


if __name__ == "__main__":
    main(sys.argv[1:])

"""`volver predict check --recommend`: how good recommendations were on the shop's own past, as a table."""

from typing import Any

from volver.cli.output import Context, say, tell_json, tell_table

_COLUMNS = (
    ("R@20", "basket", "recall@20"),
    ("N@20", "basket", "ndcg@20"),
    ("HR@20", "basket", "hr@20"),
    ("MRR@20", "basket", "mrr@20"),
    ("repeat R@20", "repeat", "recall@20"),
    ("explore R@20", "explore", "recall@20"),
    ("new only R@20", "new_only", "recall@20"),
)


def check_recommendations(context: Context, cut: Any, as_json: bool) -> None:
    """Print the check of recommendations. `cut` is a date or None: the last day that is learned from."""
    from volver import predict

    with context.open_shop() as shop:
        found = predict.check_recommend(shop, cut)
    if as_json:
        tell_json(found.to_dict())
        return
    if found.remark is not None:
        say(str(found.remark))
        return
    say(
        f"Learned until {found.cut} from {found.rows:,} purchases of {found.products:,} products by "
        f"{found.customers:,} customers; {found.next_baskets:,} next baskets of {found.fewest} or more products "
        f"within {found.days} days. Mean over customers, 95 % interval below."
    )
    tell_recommend(found)


def tell_recommend(found: Any) -> None:
    """The tables of a check: next baskets, carts, and what the lists look like."""
    rows: list[list[str]] = []
    for each in found.judged:
        scores = [getattr(each, task)[measure] for _, task, measure in _COLUMNS]
        rows.append([each.name, *(_mean(score) for score in scores)])
        rows.append(["", *(_interval(score) for score in scores)])
    tell_table(["method", *(name for name, _, _ in _COLUMNS)], rows)
    best = found.judged[-1].ahead["recall@20"]
    say(f"Volver less GP-TopFreq, the same customers: R@20 {_mean(best, '+')} ({_interval(best, '+')})")
    say("")
    if found.carts:
        names = ("hr@12", "hr@20", "mrr@20")
        told = [[name, *(_both(score[key]) for key in names)] for name, score in found.carts.items()]
        tell_table([f"cart, {found.n_carts:,} baskets", *(name.upper() for name in names)], told)
    else:
        say(f"Cart completion: cannot say, {found.n_carts} baskets of 4 or more products after the cut.")
    say("")
    keys = ("coverage", "novelty", "popularity_bias", "price", "margin")
    tell_table(
        ["first 20", *(key.replace("_", " ") for key in keys)],
        [[each.name, *(_number(each.lists[key]) for key in keys)] for each in found.judged],
    )


def _mean(score: Any, sign: str = "") -> str:
    return "-" if score.value is None else f"{score.value:{sign}.4f}"


def _interval(score: Any, sign: str = "") -> str:
    return "" if score.low is None else f"{score.low:{sign}.3f}..{score.high:{sign}.3f}"


def _both(score: Any) -> str:
    return f"{_mean(score)} ({_interval(score)})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"

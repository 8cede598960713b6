"""What the store sold before: read as people write it, its growth left out, drawn to 1 where it says little."""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.predict.world import simulated_lines, simulated_shop
from tests.world import new_shop
from volver import predict
from volver.cli.main import root
from volver.collect import INDEX, ORDERS, SALES, BadCalendarFile, IndexFile, IndexRow, StoreIndex
from volver.predict.laws.calendar import FLAT, Calendar
from volver.predict.laws.pareto import ParetoNBD
from volver.predict.laws.store_index import season_of
from volver.predict.value.backtest import Backtest
from volver.predict.value.forecast import Foreseen, Total
from volver.predict.value.histories import past
from volver.predict.value.level import learn_level
from volver.predict.value.selection import Choice, choose
from volver.predict.value.shop_calendar import calendar_report, forget_calendar, import_calendar, kept_index, read_index
from volver.predict.value.training import learn
from volver.store import Shop

CHRISTMAS = Calendar(tuple((np.array([6, 7, 8, 8, 9, 9, 8, 8, 12, 16, 24, 12]) / (127 / 12)).tolist()))
TODAY = date(2025, 6, 15)
AT = date(2023, 9, 22)  # nine months after the simulated shop began; Christmas lies ahead
LAWS = {"MBG/NBD": predict.MODELS["MBG/NBD"]}
MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)  # fmt: skip


def sold(
    truth: Calendar,
    months: int = 24,
    first: str = "2021-01",
    *,
    a_day: float = 20.0,
    growth: Callable[[np.ndarray], np.ndarray] = np.zeros_like,
    noise: float = 0.0,
    seed: int = 0,
) -> StoreIndex:
    """A store's orders by month; `growth` is the log of its size after so many years."""
    chance, rows = np.random.default_rng(seed), []
    for month in np.datetime64(first) + np.arange(months):
        days = np.arange(month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]"))
        years = (days - np.datetime64(first, "D")).astype(float) / 365.25
        level = (a_day * np.exp(growth(years)) * truth.daily(days)).sum()
        value = float(chance.poisson(level) * np.exp(noise * chance.normal()))
        rows.append(IndexRow(value=value, first=days[0].astype(object), last=days[-1].astype(object)))
    return StoreIndex(kind=ORDERS, rows=tuple(rows))


def weights(index: StoreIndex) -> np.ndarray:
    season = season_of(index)
    assert season is not None
    return np.array(season.calendar.weights)


# ---- seasons without growth


@pytest.mark.parametrize(
    "growth",
    [np.zeros_like, lambda t: 0.5 * t, lambda t: 1.0 * t, lambda t: -0.4 * t, lambda t: 2.0 * (1 - np.exp(-t))],
    ids=["steady", "half more", "nearly three times", "shrinking", "ever slower"],
)
@pytest.mark.parametrize("truth", [CHRISTMAS, FLAT], ids=["christmas", "no season"])
def test_a_store_that_grows_has_the_seasons_of_one_that_does_not(
    truth: Calendar, growth: Callable[[np.ndarray], np.ndarray]
) -> None:
    season = season_of(sold(truth, growth=growth, seed=1))
    assert season is not None
    assert np.array(season.calendar.weights) == pytest.approx(np.array(truth.weights), rel=0.15)
    assert season.growth_per_year == pytest.approx(growth(np.array([2.0]))[0] - growth(np.array([1.0]))[0], abs=0.25)
    # nothing of the growth goes on: a year ahead is as long as any
    assert season.calendar.span(date(2024, 12, 31), 365.0) == pytest.approx(365.0, rel=0.01)


def test_what_is_short_or_noisy_is_drawn_towards_one() -> None:
    def swing(index: StoreIndex) -> float:
        return float(np.std(np.log(weights(index))))

    truth = float(np.std(np.log(CHRISTMAS.weights)))
    assert swing(sold(CHRISTMAS, 12)) < swing(sold(CHRISTMAS, 36)) < 1.1 * truth
    assert swing(sold(FLAT, 24, noise=0.4, seed=3)) < 0.25
    assert np.mean([swing(sold(FLAT, 24, a_day=0.2, seed=seed)) for seed in range(8)]) < 0.15
    assert swing(sold(FLAT, 24)) < 0.05


def test_days_and_weeks_tell_half_months_and_months_do_not() -> None:
    truth = Calendar(months=CHRISTMAS.months, halves=(1.2, 0.8) * 12)
    days = np.arange(np.datetime64("2021-01-01"), np.datetime64("2023-01-01"))
    level = 30.0 * truth.daily(days)
    daily = [IndexRow(value=float(v), first=d, last=d) for d, v in zip(days.astype(object), level, strict=True)]
    season = season_of(StoreIndex(kind=ORDERS, rows=tuple(daily)))
    assert season is not None
    halves = np.log(season.calendar.halves)
    assert halves[::2].mean() - halves[1::2].mean() > 0.3
    assert len(set(season_of(sold(truth)).calendar.halves)) <= 1  # type: ignore[union-attr]


def test_money_and_an_index_tell_the_same_as_orders() -> None:
    orders = sold(CHRISTMAS, 36)
    money = replace(orders, kind=SALES, rows=tuple(replace(each, value=31.5 * each.value) for each in orders.rows))
    level = tuple(replace(each, value=each.value / ((each.last - each.first).days + 1)) for each in orders.rows)  # type: ignore[operator]
    assert weights(money) == pytest.approx(weights(orders), rel=0.05)
    assert weights(StoreIndex(kind=INDEX, rows=level)) == pytest.approx(weights(money), rel=0.02)
    yearless = tuple(IndexRow(value=100 * w, month=m + 1) for m, w in enumerate(CHRISTMAS.weights))
    assert weights(StoreIndex(kind=INDEX, rows=yearless)) == pytest.approx(np.array(CHRISTMAS.weights), rel=0.15)


def test_days_that_the_index_covers_have_what_their_own_month_had() -> None:
    index = sold(FLAT, 36)
    odd = tuple(replace(each, value=0.3 * each.value) if i == 20 else each for i, each in enumerate(index.rows))
    season = season_of(replace(index, rows=odd), since=date(2022, 6, 1))
    assert season is not None
    calendar = season.calendar
    assert calendar.index_from == date(2022, 6, 1)
    assert len(calendar.index) == (date(2023, 12, 31) - date(2022, 6, 1)).days + 1
    assert calendar.daily(["2022-09-10"])[0] < 0.7 * calendar.daily(["2024-09-10"])[0]


@settings(max_examples=30)
@given(
    st.lists(st.one_of(st.just(0.0), st.floats(0.0, 1e12)), min_size=1, max_size=40),
    st.sampled_from([ORDERS, SALES, INDEX]),
)
def test_strange_series_give_possible_calendars(values: list[float], kind: str) -> None:
    index = sold(FLAT, len(values))
    rows = tuple(replace(each, value=value) for each, value in zip(index.rows, values, strict=True))
    season = season_of(StoreIndex(kind=kind, rows=rows), since=date(2021, 3, 1))
    if season is not None:
        assert np.all(np.isfinite(season.calendar.weights))
        assert min(season.calendar.weights) > 0


# ---- reading


def written(folder: Path, text: str, encoding: str = "utf-8") -> IndexFile:
    (folder / "index.csv").write_text(text, encoding=encoding)
    return read_index(folder / "index.csv", TODAY)


def lines(form: str, *, until: int = 24, mark: str = ".") -> str:
    """Twenty-four months from January 2023; `form` names y, m, name and v."""
    rows = []
    for i in range(until):
        value = f"{100 + i}.5".replace(".", mark)
        rows.append(form.format(y=2023 + i // 12, m=i % 12 + 1, name=MONTHS[i % 12], v=value, n=1000 + i))
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("text", "encoding", "kind"),
    [
        ("month,orders\n" + lines("{y}-{m:02},{n}"), "utf-8", ORDERS),
        ("Mes;Nº de pedidos;Importe (€)\n" + lines("{name} {y};{n};9,50"), "cp1252", ORDERS),
        ("fecha\tventas netas\n" + lines("01/{m:02}/{y}\t{v} €", mark=","), "utf-16", SALES),
        ("date,total sales\n" + lines("{m:02}/01/{y},${v}"), "utf-8", SALES),
        ("Año;Mes;Índice\n" + lines("{y};{m};{v}", mark=","), "utf-8-sig", INDEX),
        ("Ventas de la tienda;;\n\nPeriodo;Total;\n" + lines("{m:02}/{y};{v};", mark=","), "utf-8", SALES),
    ],
    ids=["iso", "spanish names", "day first", "month first", "a year's own column", "a title above"],
)
def test_months_are_read_as_people_write_them(tmp_path: Path, text: str, encoding: str, kind: str) -> None:
    found = written(tmp_path, text, encoding)
    assert (found.step, found.index.kind, found.aside) == ("month", kind, ())
    rows = found.index.rows
    assert [each.first for each in rows] == [date(2023 + i // 12, i % 12 + 1, 1) for i in range(24)]
    assert rows[1].last == date(2023, 2, 28)
    assert rows[-1].value == (1023 if kind == ORDERS else 123.5)


def test_days_weeks_and_months_of_every_year_are_told_apart(tmp_path: Path) -> None:
    days = pl.date_range(date(2023, 1, 2), date(2024, 1, 1), eager=True)
    daily = read_index(pl.DataFrame({"day": days, "orders": range(len(days))}), TODAY)
    assert (daily.step, len(daily.index.rows)) == ("day", 365)
    weekly = read_index(pl.DataFrame({"date": days[::7], "orders": range(len(days[::7]))}), TODAY)
    assert (weekly.step, weekly.index.rows[0].last) == ("week", date(2023, 1, 8))
    iso = written(tmp_path, "semana;pedidos\n" + "".join(f"2023-W{week:02};{week}\n" for week in range(1, 53)))
    assert (iso.step, iso.index.rows[0].first) == ("week", date(2023, 1, 2))
    every = written(tmp_path, "Mes;Índice\n" + "".join(f"{name.title()};{90 + i},5\n" for i, name in enumerate(MONTHS)))
    assert (every.step, every.index.rows[11]) == ("month of every year", IndexRow(value=101.5, month=12))
    wide = written(
        tmp_path,
        "Mes;2023;2024\n" + "".join(f"{name};{i}.000;{i + 1}.000\n" for i, name in enumerate(MONTHS, 1)),
    )
    assert (wide.step, len(wide.index.rows), wide.index.rows[12].value) == ("month", 24, 2000.0)


def test_days_without_orders_that_a_file_leaves_out_are_days_without_orders(tmp_path: Path) -> None:
    days = pl.date_range(date(2023, 1, 1), date(2023, 12, 31), eager=True)
    frame = pl.DataFrame({"day": days, "orders": [2] * len(days)}).filter(pl.col("day").dt.weekday() < 6)
    rows = read_index(frame, TODAY).index.rows
    assert len(rows) == (rows[-1].last - rows[0].first).days + 1  # type: ignore[operator]
    assert rows[5].value == 0.0  # a Saturday
    holes = read_index(frame.filter(pl.col("day").dt.month() != 5), TODAY).index.rows
    assert not any(each.first and each.first.month == 5 for each in holes)  # a month that is missing is unknown


def test_rows_that_say_nothing_sound_are_told_by_their_number(tmp_path: Path) -> None:
    text = "month,orders\n" + lines("{y}-{m:02},{n}", until=22) + "2024-11,\n\n2024-12,-5\nTotal,9000\n2025-06,3\n"
    found = written(tmp_path, text + "2023-01,100\n")
    assert [row for row, _ in found.aside] == [24, 26, 27, 28]
    assert "not over" in str(found.aside[-1][1])  # June 2025 is half gone
    assert found.index.rows[0].value == 1100  # totals of one month add up
    twice = written(tmp_path, "month,index\n" + lines("{y}-{m:02},{v}") + "2023-01,80\n")
    assert [(row, twice.index.rows[0].value) for row, _ in twice.aside] == [(26, 100.5)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("channel,cost\nads,5\n", "when"),
        ("2023-01,35\n2023-02,36\n", "when"),
        ("month,colour\n2023-01,red\n", "how much"),
        ("month,orders\nsoon,35\nlater,36\n", "no row says when"),
        ("month,orders\n2023-01,x\n2023-02,y\n", "both"),
        ("month,orders\n2023-01,35\n2023-02,36\n", "three"),
        ("month,orders\n" + lines("{y}-{m:02},0"), "three"),
        ("day,orders\n2023-01-01,5\n2023-04-11,5\n2023-09-01,3\n", "neither"),
        ("PK\x03\x04month", "spreadsheet"),
        ('month,orders\n"' + "5" * 200_000, "table"),
    ],
)
def test_a_file_that_tells_no_season_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BadCalendarFile, match=why):
        written(tmp_path, text)
    with pytest.raises(BadCalendarFile, match="no such file"):
        read_index(tmp_path / "nothing.csv", TODAY)


@settings(max_examples=60)
@given(st.text(alphabet="month,;orders\n2023-0154/.\"' \t€%enroW\0", max_size=120))
def test_ugly_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.mktemp("ugly") / "index.csv"
    file.write_bytes(("month;orders\n" + text).encode())
    with contextlib.suppress(BadCalendarFile):
        assert read_index(file, TODAY).index.rows


# ---- a shop before its first Christmas


@pytest.fixture(scope="module")
def young(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Two years of a shop that sells three times as much in November; tests stand nine months after its first day."""
    folder = tmp_path_factory.mktemp("young")
    with new_shop(folder / "shop") as shop:
        simulated_shop(shop, simulated_lines(8000, 5, CHRISTMAS), folder / "lines.parquet")
        yield shop


def foreseen(shop: Shop, index: StoreIndex | None, at: date = AT, days: float = 100.0) -> tuple[Total, Choice]:
    choice = choose(past(shop, at), at, days, LAWS, index=index)
    return Foreseen(learn(past(shop, at).at(at), choice), past(shop, at).at(at), days).orders_of(), choice


def came(shop: Shop, at: date, until: date) -> float:
    known = past(shop, until)
    return float(known.at(until).came_since(known.at(at))[0].sum())


def test_a_first_christmas_is_foreseen_with_what_the_store_sold_before(young: Shop) -> None:
    orders = came(young, AT, date(2023, 12, 31))
    without, _ = foreseen(young, None)
    told, choice = foreseen(young, sold(CHRISTMAS, growth=lambda t: 0.5 * t))
    assert without.expected / orders < 0.75
    assert told.expected / orders == pytest.approx(1.0, abs=0.15)
    assert told.low80 < orders < told.high80
    assert told.high80 / told.low80 < 0.85 * without.high80 / without.low80  # the months are known now
    assert choice.calendars.source == "imported"
    assert any("imported" in str(each) for each in choice.why)
    assert choice.to_dict()["chosen"]["calendar_from"] == "imported"


@pytest.mark.slow
def test_a_growing_store_makes_no_forecast_grow(young: Shop) -> None:
    steady, _ = foreseen(young, sold(CHRISTMAS))
    for growth in (lambda t: 0.7 * t, lambda t: 2.0 * (1 - np.exp(-t))):
        grown, _ = foreseen(young, sold(CHRISTMAS, growth=growth))
        assert grown.expected == pytest.approx(steady.expected, rel=0.1)
        flat, _ = foreseen(young, sold(FLAT, growth=growth))
        assert flat.expected == pytest.approx(foreseen(young, None)[0].expected, rel=0.1)


@pytest.mark.slow
def test_an_index_that_knows_nothing_or_lies_does_little_harm(young: Shop) -> None:
    without, _ = foreseen(young, None)
    summer = Calendar(CHRISTMAS.months[6:] + CHRISTMAS.months[:6])
    for index in (sold(FLAT), sold(FLAT, noise=0.3, seed=2), sold(summer)):
        told, _ = foreseen(young, index)
        assert abs(np.log(told.expected / without.expected)) < 0.2


def test_an_index_says_nothing_of_days_that_were_to_come(young: Shop) -> None:
    whole = sold(CHRISTMAS, 36)
    later = [each for each in whole.rows if each.last is not None and each.last > AT]
    assert len(later) == 4
    changed = replace(whole, rows=(*whole.rows[:-4], *(replace(each, value=9e6) for each in later)))
    assert foreseen(young, whole) == foreseen(young, changed)
    test = Backtest(past(young, AT), AT, 100.0, changed)
    test.calendar_from = "imported"
    assert max(test.calendar(ParetoNBD).weights) < 3
    assert test.told > 0.9


@pytest.mark.slow
def test_past_totals_choose_between_what_was_learned_and_what_was_imported(young: Shop) -> None:
    """With nearly two years, what the index says is tried beside the shop's own calendar, and beside none."""
    at = date(2024, 11, 30)
    summer = Calendar(CHRISTMAS.months[6:] + CHRISTMAS.months[:6])
    right, wrong = (foreseen(young, sold(each), at, 60.0)[1] for each in (CHRISTMAS, summer))
    assert wrong.calendars.source == "learned"
    assert any("imported calendar was left out" in str(each) for each in wrong.why)
    assert set(right.calendars.errors) == {"none", "learned", "imported"}
    assert right.calendars.errors["imported"] < right.calendars.errors["none"]
    assert sum(each["chosen"] for each in right.to_dict()["calendars"]) == 1


def test_a_trusted_calendar_takes_most_of_the_first_years_doubt() -> None:
    pairs = [(0.0, 0.001)] * 2

    def doubt(told: float, trust: float) -> float:
        return learn_level(pairs, pairs, a_year_seen=False, unseen=0.9, told=told, trust=trust).money_doubt

    assert doubt(0.9, 1.0) < doubt(0.4, 1.0) < doubt(0.4, 0.2) < doubt(0.0, 0.0)
    assert doubt(0.9, 1.0) > learn_level(pairs, pairs, a_year_seen=True).money_doubt


@pytest.mark.slow
def test_ten_shops_see_their_first_christmas_coming(tmp_path: Path) -> None:
    """Ratio of forecast to what came, and whether the 80 % interval held, without and with the index."""
    found: dict[str, list[tuple[float, bool]]] = {"without": [], "with": []}
    for seed in range(1, 13):
        with new_shop(tmp_path / f"shop{seed}") as shop:
            simulated_shop(shop, simulated_lines(8000, seed, CHRISTMAS), tmp_path / f"{seed}.parquet")
            orders = came(shop, AT, date(2023, 12, 31))
            for name, index in (("without", None), ("with", sold(CHRISTMAS, growth=lambda t: 0.5 * t, seed=seed))):
                total, _ = foreseen(shop, index)
                found[name].append((total.expected / orders, total.low80 <= orders <= total.high80))
    ratios = {name: np.array([ratio for ratio, _ in rows]) for name, rows in found.items()}
    assert ratios["without"].mean() < 0.75
    assert ratios["with"].mean() == pytest.approx(1.0, abs=0.1)
    assert np.abs(np.log(ratios["with"])).mean() < 0.5 * np.abs(np.log(ratios["without"])).mean()
    assert sum(held for _, held in found["with"]) >= 8


# ---- in a shop


def test_an_import_rests_in_the_shop_and_a_bad_one_changes_nothing(young: Shop, tmp_path: Path) -> None:
    assert (calendar_report(young).imported, forget_calendar(young), kept_index(young)) == (None, 0, None)
    file = tmp_path / "months.csv"
    file.write_text("month,orders\n" + lines("{y}-{m:02},{n}") + "Total,5\n")
    told = import_calendar(young, file)
    assert [row for row, _ in told.aside] == [26]
    assert told.imported is not None
    assert (told.imported.kind, told.imported.rows, told.imported.unknown) == ("orders", 24, ())
    kept = kept_index(young)
    assert kept is not None
    assert kept[0] == read_index(file, TODAY).index
    file.write_text("month,colour\n2024-01,red\n")
    with pytest.raises(BadCalendarFile):
        import_calendar(young, file)
    assert kept_index(young) == kept
    assert forget_calendar(young) == 24
    assert kept_index(young) is None


def test_the_commands_import_show_fit_and_forget(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop") as shop:
        young = simulated_lines(1500, 5, CHRISTMAS).filter(pl.col("day") < 264)
        simulated_shop(shop, young, tmp_path / "lines.parquet")
    index = sold(CHRISTMAS)
    rows = [f"{MONTHS[each.first.month - 1]} {each.first.year};{each.value:.0f}" for each in index.rows if each.first]
    (tmp_path / "meses.csv").write_text("Mes;Pedidos\n" + "\n".join(rows) + "\nTotal;1\n", encoding="utf-8")

    def ran(*words: str) -> str:
        done = CliRunner().invoke(root, ["--shop", str(tmp_path / "shop"), "predict", *words])
        assert done.exit_code == 0, done.output
        return done.stdout if "--json" in words else done.output

    assert "No forecast was made yet" in ran("calendar")
    assert "Row 26 was not read" in ran("calendar", "import", str(tmp_path / "meses.csv"))
    before = json.loads(ran("calendar", "--json"))
    assert (before["used"], before["imported"]["kind"]) == (None, "orders")
    fitted = json.loads(ran("fit", "--json", "--horizon", "90d"))
    assert any("imported calendar" in text for text, _ in fitted["choice"]["why"])
    shown = json.loads(ran("calendar", "--json"))
    assert (shown["used"], shown["best_month"], shown["stale"]) == ("imported", 11, False)
    assert "Best month: November" in ran("calendar")
    assert json.loads(ran("calendar", "forget", "--json")) == {"forgotten_rows": 24}
    assert json.loads(ran("calendar", "--json"))["stale"] is True
    missing = ["--shop", str(tmp_path / "shop"), "predict", "calendar", "import", str(tmp_path / "none.csv")]
    assert isinstance(CliRunner().invoke(root, missing).exception, BadCalendarFile)

"""The drawings: golden files that were looked at, and what must hold for any numbers."""

import xml.etree.ElementTree as tree
from collections.abc import Callable
from datetime import date, timedelta
from math import exp, sin

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from volver.ui.shared.charts import linear, ticks
from volver.ui.shared.charts_past import Foreseen, against
from volver.ui.shared.charts_people import Curve, Dot, curve, interval
from volver.ui.shared.charts_value import Month, Tenth, Week, calibration, distribution, months, tracking

START = date(2025, 1, 6)
Check = Callable[[str, str], None]


def month(day: date) -> str:
    return f"{day:%b %y}"


def whole(value: float) -> str:
    return f"{value:,.0f}"


def curve_of(orders: int, window: bool = True) -> Markup:
    days = [START + timedelta(days=4 * n) for n in range(120)]
    bought = [START + timedelta(days=40 * n) for n in range(orders)]
    chances = [exp(-((day - max(at for at in bought if at <= day)).days) / 160) for day in days]
    today = START + timedelta(days=380)
    return curve(
        Curve(
            days=days,
            chances=chances,
            orders=[Dot(day=at, size=(n % 3 + 1) / 3, says=f"order {n}") for n, at in enumerate(bought)],
            today=today,
            window=(today + timedelta(days=12), today + timedelta(days=34)) if window else None,
        ),
        label="Chance of still being a customer",
        next_says="next order likely",
        today_says="today",
        month=month,
        percent=lambda share: f"{share:.0%}",
        day=lambda day: f"{day:%d %b}",
    )


def weeks_of(count: int, split: int | None) -> Markup:
    told = []
    for n in range(count):
        expected = 300 + 60 * sin(n / 8) + 2 * n
        ahead = split is not None and n >= split
        told.append(
            Week(
                day=START + timedelta(weeks=n),
                actual=expected + 30 * sin(n * 2.7),
                expected=expected,
                low=expected - 50 if ahead else None,
                high=expected + 50 if ahead else None,
                says=f"week {n}",
            )
        )
    return tracking(told, split, label="Orders per week", held_out="held out", month=month, number=whole)


def test_the_curve_of_coming_back(golden: Check) -> None:
    golden("curve.svg", curve_of(9))


def test_weeks_expected_and_actual(golden: Check) -> None:
    golden("tracking.svg", weeks_of(90, 64))


def test_who_is_worth_what(golden: Check) -> None:
    edges = [10 ** (step / 10) for step in range(5, 31)]
    counts = [round(900 * exp(-((n - 12) ** 2) / 30)) for n in range(25)]
    marks = [(52.0, "half above €52"), (210.0, "top tenth from €210")]
    drawn = distribution(
        edges, counts, marks, label="Customers by value", money=lambda v: f"€{v:,.0f}", number=whole, noun="customers"
    )
    golden("distribution.svg", drawn)


def test_tenths_expected_and_actual(golden: Check) -> None:
    told = [
        Tenth(expected=0.1 * 1.45**n, actual=0.1 * 1.45**n + 0.08 * sin(n), low=0.08 * 1.42**n, high=0.14 * 1.46**n,
              says=f"tenth {n + 1}")
        for n in range(10)
    ]  # fmt: skip
    golden("calibration.svg", calibration(told, label="Tenths", below="least to most", number=lambda v: f"{v:.1f}"))


def foreseen(came: float) -> Markup:
    told = [
        Foreseen(name="The model", expected=36_000, low=29_000, high=47_000, says="36,000 · 80 %: 29,000 to 47,000"),
        Foreseen(name="Past spend", expected=86_000, low=None, high=None, says="86,000"),
    ]
    return against(
        told, came, label="Foreseen and come", came_says=f"came: €{came:,.0f}", money=lambda v: f"€{v / 1000:.0f}K"
    )


def test_what_was_foreseen_and_what_came(golden: Check) -> None:
    golden("against.svg", foreseen(32_000))


@given(st.floats(0, 1e9))
def test_what_came_stays_on_the_drawing_with_its_words(came: float) -> None:
    root = tree.fromstring(foreseen(came))
    [mark] = [each for each in root.iter("line") if each.get("class") == "came"]
    assert 4 <= float(mark.get("x1", "")) <= 424


def test_revenue_by_month(golden: Check) -> None:
    told = [
        Month(name=f"{START.replace(month=n % 12 + 1):%b}", year="2025" if n == 0 else "2026" if n == 12 else "",
              amount=9000 + 2500 * sin(n), says=f"month {n}", whole=n < 12)
        for n in range(13)
    ]  # fmt: skip
    golden("months.svg", months(told, label="Revenue by month", money=lambda v: f"€{v:,.0f}"))


def test_an_interval_in_a_cell(golden: Check) -> None:
    golden("interval.svg", interval(121, 284, 493, 620, "€121 to €493"))


def test_a_drawing_says_what_it_is_and_escapes_what_it_is_told() -> None:
    drawn = interval(1, 2, 3, 4, '<b>"x" & y</b>')
    root = tree.fromstring(drawn)
    assert root.get("role") == "img"
    assert root.get("aria-label") == '<b>"x" & y</b>'


def test_a_curve_of_one_order_without_a_window_is_still_a_drawing() -> None:
    assert tree.fromstring(curve_of(1, window=False)).get("role") == "img"


def test_weeks_without_held_out_time_have_no_zone() -> None:
    assert "holdout" not in weeks_of(5, None)


@given(st.lists(st.floats(-1e7, 1e9), min_size=1, max_size=30))
def test_months_of_any_size_stay_on_the_drawing(amounts: list[float]) -> None:
    told = [Month(name="m", year="", amount=amount, says="s", whole=True) for amount in amounts]
    root = tree.fromstring(months(told, label="l", money=str))
    for bar in root.iter("rect"):
        assert -1 <= float(bar.get("y", "")) <= 225
        assert float(bar.get("height", "")) >= 0


@given(st.floats(0, 1e9), st.floats(1e-3, 1e9))
def test_ticks_are_round_few_and_inside(low: float, length: float) -> None:
    high = low + length
    found = ticks(low, high)
    assert len(found) <= 8
    assert all(low - length * 1e-6 <= value <= high + length * 1e-6 for value in found)


def test_a_scale_of_no_length_answers_its_middle() -> None:
    assert linear((3, 3), (0, 10))(3) == 5

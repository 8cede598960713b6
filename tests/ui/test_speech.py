"""Texts, numbers, money and days in both languages."""

import json
import string
from datetime import date
from pathlib import Path

import pytest

from volver import ui
from volver.core import Words
from volver.ui.shared.formatting import Speech

ENGLISH = Speech(lang="en", currency="EUR", zone="Europe/Madrid")
SPANISH = Speech(lang="es", currency="EUR", zone="Europe/Madrid")
DOLLARS = Speech(lang="en", currency="USD", zone="America/New_York")
NB = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("e4", "english", "spanish", "dollars"),
    [
        (0, "€0", f"0{NB}€", "$0"),
        (12_345, "€1.23", f"1,23{NB}€", "$1.23"),
        (7_280_000, "€728", f"728{NB}€", "$728"),
        (123_456_789, "€12,346", f"12.346{NB}€", "$12,346"),
        (17_234_000_000, "€1.72M", f"1,72{NB}M€", "$1.72M"),
        (-50_000, "−€5", f"−5{NB}€", "−$5"),
    ],
)
def test_money_is_rounded_for_people(e4: int, english: str, spanish: str, dollars: str) -> None:
    assert (ENGLISH.money(e4), SPANISH.money(e4), DOLLARS.money(e4)) == (english, spanish, dollars)


def test_exact_money_keeps_its_cents_and_spans_share_their_decimals() -> None:
    assert ENGLISH.money(935_000, exact=True) == "€93.50"
    assert ENGLISH.money(17_234_005_000, exact=True) == "€1,723,400.50"
    assert ENGLISH.span(12_345, 4_930_000) == "€1 – €493"
    assert ENGLISH.span(12_345, 150_000) == "€1.23 – €15"


def test_a_column_of_money_has_no_cents_and_calls_little_not_nothing() -> None:
    assert [ENGLISH.whole(e4) for e4 in (161_000, 890_000, 4_000, 0, 17_234_000_000)] == [
        "€16", "€89", "<€1", "€0", "€1.72M",
    ]  # fmt: skip
    assert SPANISH.whole(4_000) == f"<{NB}1{NB}€"


def test_the_shops_one_dollar_needs_no_country() -> None:
    assert Speech(lang="es", currency="USD", zone="UTC").money(120_000) == f"12{NB}$"
    assert Speech(lang="en", currency="JPY", zone="UTC").money(935_000, exact=True) == "¥94"


def test_nearly_all_is_not_all() -> None:
    assert [ENGLISH.percent(share) for share in (0, 0.001, 0.31, 0.999, 1)] == ["0%", "<1%", "31%", ">99%", "100%"]
    assert SPANISH.percent(0.31) == f"31{NB}%"


def test_a_change_has_a_sign() -> None:
    assert [ENGLISH.change(now, 100) for now in (112, 88)] == ["+12%", "−12%"]
    assert ENGLISH.change(5, 0) == ""


def test_days_follow_the_language() -> None:
    day = date(2026, 8, 9)
    assert ENGLISH.day(day, "full") == "Sunday 9 August 2026"
    assert SPANISH.day(day, "full") == "domingo, 9 de agosto de 2026"
    assert DOLLARS.day(day) == "Aug 9, 2026"
    assert ENGLISH.days(day, date(2026, 9, 1)) == "9 Aug – 1 Sept"


def test_times_are_in_the_shops_zone() -> None:
    noon = 1_767_265_200_000_000
    assert (ENGLISH.clock(noon), DOLLARS.clock(noon)) == ("12:00", "06:00")
    assert ENGLISH.clock(noon - 12 * 3_600_000_000) == ""


def test_words_are_translated_and_their_facts_formatted() -> None:
    said = Words("spent {net_e4} in {n} orders", {"net_e4": 12_340_000, "n": 12})
    assert ENGLISH.words(said) == "spent €1,234 in 12 orders"
    assert SPANISH.words(said) == f"gastó 1.234{NB}€ en 12 pedidos"
    undone = Words("undone on {undone_day}", {"undone_day": "2026-08-09"})
    assert SPANISH.words(undone) == "anulado el 9 ago 2026"
    assert ENGLISH.words(Words("a discount in {share} of orders", {"share": 0.25})) == "a discount in 25% of orders"
    assert ENGLISH.words(Words("Top {percent} %", {"percent": 10})) == f"Top 10{NB}%"


def test_a_month_is_said_in_the_readers_language_and_a_percent_stays_with_its_number() -> None:
    said = Words("the best month is {month}, {percent} % above the mean", {"month": "December", "percent": 59})
    assert ENGLISH.words(said) == f"the best month is December, 59{NB}% above the mean"
    text = "The shop's seasons are in the forecast: the best month is {month}, {percent} % above the mean."
    assert "el mejor mes es diciembre" in SPANISH.words(Words(text, said.params))


def test_one_is_singular() -> None:
    assert ENGLISH.words(Words("First order {n} days ago", {"n": 1})) == "First order 1 day ago"
    assert SPANISH.words(Words("First order {n} days ago", {"n": 1})) == "Primer pedido hace 1 día"
    assert ENGLISH.text("{n} customers", n=ENGLISH.number(1)) == "1 customer"


def test_a_text_without_translation_is_said_in_english() -> None:
    assert SPANISH.text("Nobody wrote this") == "Nobody wrote this"


def test_singular_texts_belong_to_texts_that_exist_in_both_languages() -> None:
    spanish, one_en, one_es = (
        {
            text: said
            for path in Path(ui.__file__).parent.glob(f"*/i18n/{name}.json")
            for text, said in json.loads(path.read_text(encoding="utf-8")).items()
        }
        for name in ("es", "one.en", "one.es")
    )
    assert one_en
    assert set(one_en) == set(one_es) <= set(spanish)
    for text, said in [*one_en.items(), *one_es.items()]:
        places = [{name for _, name, _, _ in string.Formatter().parse(part) if name} for part in (text, said)]
        assert places[1] <= places[0]

"""The commands that say what the forecasts mean for money: one JSON object, or words and a table."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.predict.money_world import orders, shop_with
from volver.cli.main import root

COSTS = "Canal;Coste;Clientes\nsearch;1.200,50;\nsocial;250.000;\nfax;12,00;\nmarket;nada;\n"
COMMANDS = [
    ("newcomers", "--by", "campaign"),
    ("leads",),
    ("spend-ceiling", "--horizon", "90d"),
    ("levers", "--horizon", "12 months"),
    ("benchmark", "--by", "stage"),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("money")
    (folder / "costs.csv").write_text(COSTS, encoding="utf-8")
    shop_with(folder / "shop", orders(400, seed=8)).close()
    return folder


def ran(shop: Path, *words: str) -> Result:
    return CliRunner().invoke(root, ["--shop", str(shop / "shop"), "predict", *words])


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_command_answers_one_json_object_and_in_words(shop: Path, words: tuple[str, ...]) -> None:
    told = ran(shop, *words, "--json")
    assert told.exit_code == 0, told.output
    assert isinstance(json.loads(told.stdout), dict)
    spoken = ran(shop, *words)
    assert spoken.exit_code == 0, spoken.output
    assert spoken.stdout.strip()


def test_costs_stay_in_the_shop_and_bad_rows_are_told(shop: Path) -> None:
    first = ran(shop, "spend-ceiling", "--costs", str(shop / "costs.csv"))
    assert first.exit_code == 0, first.output
    assert "loses money" in first.stdout
    assert "the shop knows no customer from here" in first.stdout
    assert "Row 5 of the costs was not read" in first.stderr
    again = json.loads(ran(shop, "spend-ceiling", "--json").stdout)
    assert {each["group"]: each["cost"] for each in again["groups"]}["search"] == 1200.5
    assert again["set_aside"] == []


def test_a_listed_customer_is_found_again_by_the_same_reference(shop: Path) -> None:
    reference, _, _, _, value, *_ = ran(shop, "value", "--top", "1").stdout.splitlines()[-1].split()
    again = ran(shop, "value", reference).stdout
    assert f"Customer {reference}, 365 days" in again
    assert f": {value} " in again
    assert "chance of one within 365 days" in again


def test_what_people_may_do_is_told_in_words(shop: Path) -> None:
    told = ran(shop, "propensity")
    assert told.exit_code == 0, told.output
    assert "uses a discount, 30 days" in told.stdout
    assert "discount:30d" not in told.stdout

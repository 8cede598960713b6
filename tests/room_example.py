"""A whole room in one file. `tests/test_room_example.py` plugs it in; no other file knows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from volver.core import Command, Job, Page, Place, Question, Reply, Room, Section, Words, setting
from volver.store import LakeTable, Shop, columns
from volver.ui import Speech

TABLES = (LakeTable(name="greetings", sort="who", columns=columns("who VARCHAR, times BIGINT")),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToySettings(Section):
    section = "toy"
    times: int = setting(2, "How often one is greeted.", least=1, most=9)


class Greetings(Reply):
    greetings: dict[str, int]


def greeted(shop: Shop) -> dict[str, Any]:
    rows = shop.compute.relation("select who, times from greetings").to_pylist()
    return {"greetings": {row["who"]: row["times"] for row in rows}}


@click.command(name="greet")
@click.argument("who")
@click.pass_obj
def command(context: Any, who: str) -> None:
    with context.open_shop() as shop:
        told = {"who": who, "times": shop.settings.of(ToySettings).times}
        shop.lake.replace("greetings", shop.compute.write("select $who as who, $times as times", "greetings", told))


def page(shop: Shop) -> Callable[[Request], Response]:
    def show(request: Request) -> Response:
        spoken = Speech(lang=request.state.lang, currency="EUR", zone="UTC")
        return PlainTextResponse(spoken.text("Greeted: {n}", n=len(greeted(shop)["greetings"])))

    return show


HERE = "tests.room_example"
QUESTIONS = (Question(path="/toy/greetings", says="Who was greeted.", answer=greeted, replies=Greetings),)
ROOM = Room(
    name="toy", label=Words("Toys"), settings=f"{HERE}:ToySettings", lake=f"{HERE}:TABLES",
    questions=f"{HERE}:QUESTIONS",
    commands=(Command(name="greet", where=f"{HERE}:command", says="Greet somebody."),),
    pages=(Page(path="/greetings", where=f"{HERE}:page"),),
    places=(Place(path="/greetings", icon="sprout", label=Words("Greetings"), key="t"),),
    jobs=(Job(name="toy.greet", where=f"{HERE}:greeted", says=Words("Greet everybody")),),
    texts={"Toys": "Juguetes", "Greetings": "Saludos", "Greeted: {n}": "Saludados: {n}"},
)  # fmt: skip

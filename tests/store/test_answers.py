"""Answers are made once for what they rest on, whoever asks, and never served for anything else."""

import threading
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from volver.core import Words
from volver.store import Shop, create_shop, forget_answers, kept_answer, open_shop


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    day: date
    e4: int
    rows: tuple[tuple[str, float], ...]
    says: Words


ANSWER = Total(day=date(2026, 3, 1), e4=2**53 + 1, rows=(("a", 0.1), ("ñ", -1e300)), says=Words("{n} of {m}", {"n": 1}))


class Maker:
    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> Total:
        self.made += 1
        return ANSWER


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return create_shop(tmp_path / "shop")


def ask(shop: Shop, make: Maker, name: str = "total") -> Total:
    return kept_answer(shop, name, ("months", "facts"), Total, make)


def test_an_answer_is_made_once_and_read_by_other_processes(shop: Shop) -> None:
    make, path = Maker(), shop.path
    assert ask(shop, make) == ask(shop, make) == ANSWER
    assert make.made == 1
    shop.close()
    forget_in_memory()
    with open_shop(path) as again:
        assert ask(again, make) == ANSWER
    assert make.made == 1


def test_other_content_makes_it_again(shop: Shop) -> None:
    make = Maker()
    ask(shop, make)
    shop.lake.replace("months", shop.compute.write("select * from months where month < '2000-01'", "months"))
    ask(shop, make)
    assert make.made == 2


def test_other_settings_make_it_again(shop: Shop) -> None:
    make = Maker()
    ask(shop, make)
    shop.close()
    with open_shop(shop.path, {"margin_rate": 0.9}) as other:
        ask(other, make)
    assert make.made == 2


def test_two_who_ask_at_once_wait_for_one_answer(shop: Shop) -> None:
    make, gate = Maker(), threading.Barrier(6)

    def go() -> None:
        gate.wait()
        assert ask(shop, make) == ANSWER

    threads = [threading.Thread(target=go) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert make.made == 1


def test_forgetting_leaves_nothing(shop: Shop) -> None:
    make = Maker()
    ask(shop, make)
    forget_answers(shop)
    ask(shop, make)
    assert make.made == 2


def forget_in_memory() -> None:
    """What another process knows: nothing."""
    from volver.store import answers

    answers._held.clear()

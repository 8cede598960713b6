"""Asking on a terminal what only a person can say of a file; elsewhere the question is refused as an error."""

import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import click

from volver.cli.output import say

if TYPE_CHECKING:
    from volver.collect import ImportOptions
    from volver.store import Shop

_MOST = 10  # questions about the files of one import


def is_person_there() -> bool:
    """Whether somebody sits at the terminal and can answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def asked(shop: "Shop", paths: Sequence[str], options: "ImportOptions") -> "ImportOptions":
    """The options with the answers to every question that the files leave open; what has no choices is left open."""
    from volver.collect import choices_of, open_questions

    for _ in range(_MOST):
        found = open_questions(shop, paths, options)
        ask = next((each for each in found if choices_of(each)), None)
        if ask is None:
            break
        choices = choices_of(ask)
        say(str(ask), err=True)
        for number, choice in enumerate(choices, start=1):
            say(f"  {number}  {choice.label}", err=True)
        picked = click.prompt("Which", type=click.IntRange(1, len(choices)), err=True)
        options = _with(options, choices[picked - 1].sets)
    return options


def _with(options: "ImportOptions", sets: Any) -> "ImportOptions":
    known = {each.name for each in fields(options)}
    plain: dict[str, Any] = {}
    for name, value in sets.items():
        if name in known:
            old = getattr(options, name)
            plain[name] = {**old, **value} if name == "mapping" else (*old, *value) if isinstance(old, tuple) else value
    return replace(options, **plain)

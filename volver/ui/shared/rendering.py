"""From a template and facts to a page: the Jinja environment and what every page knows."""

import hashlib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from volver.store import Shop
from volver.ui.shared.formatting import LANGS, Speech
from volver.ui.shared.looks import STAGES
from volver.ui.shared.navigation import Navigation

_HERE: Final = Path(__file__).parent.parent


def static_folder() -> Path:
    """The folder that the server shows under `/static/`."""
    return _HERE / "static"


@cache
def static_version() -> str:
    """A short name for the static files as they are, so that browsers may keep them for ever."""
    found = hashlib.sha256()
    for path in sorted(static_folder().iterdir()):
        found.update(path.read_bytes())
    return found.hexdigest()[:10]


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(sorted(_HERE.glob("*/templates"))),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(version=static_version(), stages=STAGES)
    return made


def hold_templates(shop: Shop) -> None:
    """Compile every template, and load what the shop's language needs, before somebody waits for it."""
    for name in _environment().list_templates(extensions=["html"]):
        _environment().get_template(name)
    spoken = Speech(lang=shop.settings.lang, currency=shop.settings.currency, zone=shop.settings.timezone)
    for speak in (spoken.money, spoken.percent, spoken.number):
        speak(1)
    spoken.day(date.min, "yMMMM")


def lang_of(request: Request, shop: Shop) -> str:
    """The language that the server chose for this request, or the shop's."""
    chosen = str(getattr(request.state, "lang", "") or shop.settings.lang)
    return chosen if chosen in LANGS else "en"


def speech_of(request: Request, shop: Shop) -> Speech:
    """How to speak to this reader."""
    return Speech(lang=lang_of(request, shop), currency=shop.settings.currency, zone=shop.settings.timezone)


def is_fragment(request: Request) -> bool:
    """Whether htmx asks for a part of the page (and not for the page that history lost)."""
    return request.headers.get("hx-request") == "true" and "hx-history-restore-request" not in request.headers


def render_page(request: Request, shop: Shop, template: str, code: int = 200, **facts: Any) -> HTMLResponse:
    """A template as an answer, with everything it needs to speak the reader's language."""
    spoken = speech_of(request, shop)
    account = getattr(request.state, "account", None)
    html = (
        _environment()
        .get_template(template)
        .render(
            _=spoken.text,
            say=spoken,
            words=spoken.words,
            money=spoken.money,
            number=spoken.number,
            percent=spoken.percent,
            day=spoken.day,
            lang=spoken.lang,
            shop_name=shop.settings.name,
            account=account,
            theme=getattr(account, "theme", None) or "system",
            rights=getattr(request.state, "rights", frozenset()),
            csrf=str(getattr(request.state, "csrf", "") or ""),
            path=request.url.path,
            here=_here(request),
            navigation=getattr(request.state, "navigation", None) or Navigation(),
            way_out=getattr(request.state, "way_out", "/"),
            **facts,
        )
    )
    return HTMLResponse(html, status_code=code, headers={"Vary": "HX-Request, Cookie, Accept-Language"})


def _here(request: Request) -> str:
    """The page to come back to after a change of language or theme."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")

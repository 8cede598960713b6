"""In which language someone is answered."""

from starlette.requests import Request

LANG = "lang"
LANGS = ("en", "es")


def chosen_lang(request: Request, preferred: str | None, usual: str) -> str:
    """What the person chose, else what their browser asks for, else what is usual."""
    for part in (preferred or "", *request.headers.get("accept-language", "").split(",")):
        if part.strip()[:2].lower() in LANGS:
            return part.strip()[:2].lower()
    return usual

"""The segments: rule, members, money, and what a waiting one waits for."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from volver import know
from volver.know import Group, SegmentSummary
from volver.store import Shop, kept_answer
from volver.ui.shared.looks import STAGES
from volver.ui.shared.rendering import render_page


def segments_of(shop: Shop) -> tuple[SegmentSummary, ...]:
    """The segments as of the last refresh."""
    tables, kind = ("facts", "scores", "event_days"), tuple[SegmentSummary, ...]
    return kept_answer(shop, "segments", tables, kind, lambda: know.segments(shop))


def groups_of(shop: Shop) -> tuple[Group, ...]:
    """The customers by stage and segments as of the last refresh: what saved segments are counted from."""
    tables, kind = ("facts", "scores"), tuple[Group, ...]
    return kept_answer(shop, "segment-groups", tables, kind, lambda: know.groups(shop))


def segments_page(shop: Shop) -> Callable[[Request], Response]:
    """The handler of `/segments`."""

    def show(request: Request) -> Response:
        found = segments_of(shop)
        return render_page(
            request,
            shop,
            "segments.html",
            groups=[
                [each for each in found if each.key not in STAGES],
                [each for each in found if each.key in STAGES],
            ],
            own=know.saved_summaries(shop, groups_of(shop)),
            filled=any(each.members for each in found),
        )

    return show

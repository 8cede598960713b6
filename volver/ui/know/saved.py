"""The forms of saved segments: save a filtered list under a name, rename it, delete it."""

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from volver import know
from volver.store import Shop
from volver.ui.know.customers import posted_view


def save_page(shop: Shop) -> Callable[[Request], Awaitable[Response]]:
    """The handler of the form of a list that is saved."""

    async def save(request: Request) -> Response:
        view = await posted_view(request, shop)
        name = str((await request.form()).get("name", ""))
        request.state.way_out = view.address
        made = await run_in_threadpool(
            know.save_segment, shop, name, stage=view.stage or None, segment=view.segment or None
        )
        return RedirectResponse(f"/customers?segment={made.key}", 303)

    return save


def change_page(shop: Shop) -> Callable[[Request], Awaitable[Response]]:
    """The handler of the forms that rename and delete one."""

    async def change(request: Request) -> Response:
        key, form = f"saved-{request.path_params['id']}", await request.form()
        request.state.way_out = f"/customers?segment={key}"
        if form.get("deed") == "delete":
            await run_in_threadpool(know.delete_segment, shop, key)
            return RedirectResponse("/segments", 303)
        await run_in_threadpool(know.rename_segment, shop, key, str(form.get("name", "")))
        return RedirectResponse(f"/customers?segment={key}", 303)

    return change

"""A post as one change: made once a form, in one transaction, with whatever is refused said in a sentence."""

from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle.actions import Refused
from integrations.database.actions import NotYours
from integrations.database.posted import first_posted
from web.face import database_of
from web.pages import NotHere, Unfit, go, typed_in
from web.sessions import Viewer

OfWhatWasTyped = Callable[[AsyncSession, Mapping[str, str]], Awaitable[object]]


async def make_change(
    request: Request,
    make: Callable[[AsyncSession], Awaitable[object]],
    typed: Mapping[str, str] | None = None,
) -> None:
    """Makes a change that may be made twice. Raises NotHere or Unfit, and then nothing is changed."""
    try:
        async with database_of(request).transaction() as session:
            await make(session)
    except NotYours as error:
        raise NotHere from error
    except Refused as error:
        raise Unfit(error.sentence, typed) from error


async def change_once(
    request: Request,
    viewer: Viewer,
    typed: Mapping[str, str],
    make: Callable[[AsyncSession], Awaitable[object]],
) -> None:
    """Makes the change unless this very form was sent before. Raises NotHere or Unfit, and then nothing is changed."""

    async def if_first(session: AsyncSession) -> None:
        if await first_posted(session, viewer.id, request.url.path, typed, request.state.now):
            await make(session)

    await make_change(request, if_first, typed)


async def change_on_page(
    request: Request,
    viewer: Viewer,
    make: OfWhatWasTyped,
    page: Callable[[Unfit], Awaitable[Response]],
    back: str,
) -> Response:
    """Makes the change once and goes `back`; what is refused is said on the `page` that asked for it."""
    typed = await typed_in(request)
    try:
        await change_once(request, viewer, typed, lambda session: make(session, typed))
    except Unfit as error:
        return await page(error)
    return go(back)

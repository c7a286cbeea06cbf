"""A post as one change: made once a form, in one transaction, with whatever is refused said in a sentence."""

from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from cycle.actions import Refused
from integrations.database.actions import NotYours
from integrations.database.posted import first_posted
from web.face import database_of
from web.pages import NotHere, Unfit
from web.sessions import Viewer


async def change_once(
    request: Request,
    viewer: Viewer,
    typed: Mapping[str, str],
    change: Callable[[AsyncSession], Awaitable[object]],
) -> None:
    """Makes the change unless this very form was sent before. Raises NotHere or Unfit, and then nothing is changed."""
    try:
        async with database_of(request).transaction() as session:
            if await first_posted(session, viewer.id, request.url.path, typed, request.state.now):
                await change(session)
    except NotYours as error:
        raise NotHere from error
    except Refused as error:
        raise Unfit(error.sentence, typed) from error

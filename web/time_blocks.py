"""Time for an action as a file that Outlook opens: saved by its owner, into their own calendar, by one click.

Nothing is written into anybody's calendar here, so nobody has to allow us to.
"""

import unicodedata
from dataclasses import asdict

from fastapi import APIRouter
from icalendar import Calendar, Event
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle.actions import Refused
from cycle.sentences import Sentence
from cycle.time_block import Wanted, read_block
from cycle.workdays import Span
from integrations.database.action_views import action_for, note_actions_read
from integrations.database.tables import ActionRow
from web.actions import action_page
from web.face import database_of, face_of
from web.pages import NotHere, Unfit, words_of
from web.sessions import Signed

router = APIRouter(prefix="/actions/{action_id}")

FILE_NAME = "time-for-an-action.ics"
"""Without a word of the action: downloads are a list that others see, too."""


@router.get("/time.ics")
async def time_file(
    request: Request, viewer: Signed, action_id: str, day: str = "", hour: str = "", minutes: str = ""
) -> Response:
    """For the owner of an open action alone. What does not fit is said on the action's page, above the form."""
    wanted, now = Wanted(day, hour, minutes), request.state.now
    month_first = words_of(request).month_first

    async def ask(session: AsyncSession) -> tuple[ActionRow, Span]:
        view = await action_for(session, viewer.id, action_id, now)
        if view is None or not view.mine:
            raise NotHere
        if view.row.state != "open":
            raise Refused(Sentence("This one is not open any more."))
        block = read_block(wanted, viewer.zone, now, month_first)
        await note_actions_read(session, [view], viewer.person, now)
        return view.row, block

    try:
        action, block = await database_of(request).noting(ask)
    except Refused as error:
        return await action_page(request, viewer, action_id, "time", Unfit(error.sentence, asdict(wanted)))
    return Response(
        _file(request, action, block),
        media_type="text/calendar; charset=utf-8; method=PUBLISH",
        headers={"Content-Disposition": f'attachment; filename="{FILE_NAME}"'},
    )


def _file(request: Request, action: ActionRow, block: Span) -> bytes:
    """RFC 5545, with a word of [MS-OXCICAL] for Outlook; nobody is invited, so it goes to nobody else."""
    link = f"{face_of(request).settings.public_url}/actions/{action.id}"
    about = Sentence("This time is yours; what it is for stands here: {link}", link=link)
    event = Event()
    event.add("uid", f"{action.id}-{block.start:%Y%m%dT%H%MZ}")
    event.add("dtstamp", request.state.now)
    event.add("dtstart", block.start)
    event.add("dtend", block.end)
    event.add("summary", _text(action.title))
    event.add("description", words_of(request).say(about))
    event.add("transp", "OPAQUE")
    event.add("class", "PRIVATE")
    event.add("x-microsoft-cdo-busystatus", "BUSY")
    calendar = Calendar()
    calendar.add("prodid", "-//Perennial//Time for an action//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    made: bytes = calendar.to_ical()
    return made


def _text(text: str) -> str:
    """Without the control characters that RFC 5545 allows in no text (3.3.11); line ends are escaped by the library."""
    return "".join(each for each in text if each in "\t\n" or unicodedata.category(each) != "Cc")

"""After a change of conversation partner: their person chooses, item by item, what the new one sees of before."""

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle.heard import NOT_FOR
from cycle.sentences import Sentence
from cycle.successors import KINDS
from integrations.database.successors import HandoverView, choose, handover_for, note_handover_read
from integrations.database.topics import mark_topics_read
from web.face import database_of
from web.pages import NotHere, go, page, typed_in
from web.sessions import Signed

router = APIRouter(prefix="/handovers/{handover_id}")

HEADINGS = {
    "goal": Sentence("Goals"),
    "action": Sentence("Actions"),
    "topic": Sentence("Topics"),
    "heard": Sentence("What was heard"),
    "note": Sentence("Notes"),
    "answer": Sentence("What was shared before talks"),
    "pre-read": Sentence("Pages read before talks"),
}
TICK = "show-"


@router.get("")
async def show(request: Request, viewer: Signed, handover_id: str, saved: str = "") -> Response:
    """The form for the person; what was chosen for the new partner. Either is noted for those who wrote it."""

    async def ask(session: AsyncSession) -> tuple[HandoverView, bool]:
        view = await handover_for(session, handover_id, viewer.id, request.state.now)
        if view is None:
            raise NotHere
        noted = await note_handover_read(session, view, viewer.person, request.state.now)
        topics = [each.item.id for each in view.items if each.item.kind == "topic"]
        await mark_topics_read(session, topics, viewer.id, request.state.now)
        return view, noted

    view, noted = await database_of(request).noting(ask)
    return page(
        request,
        "handover.html",
        not_for=NOT_FOR,
        view=view,
        noted=noted,
        groups=_groups(view),
        saved=saved,
        tick=TICK,
    )


@router.post("")
async def save(request: Request, viewer: Signed, handover_id: str) -> Response:
    """Keeps exactly what is ticked; what is not is shown no longer."""
    typed = await typed_in(request)
    chosen = {name.removeprefix(TICK) for name in typed if name.startswith(TICK)}
    async with database_of(request).transaction() as session:
        view = await handover_for(session, handover_id, viewer.id, request.state.now)
        if view is None or not view.mine:
            raise NotHere
        await choose(session, handover_id, viewer.id, chosen, request.state.now)
    return go(f"/handovers/{handover_id}?saved=yes")


def _groups(view: HandoverView) -> list[tuple[Sentence, list[object]]]:
    groups = [(HEADINGS[kind], [each for each in view.items if each.item.kind == kind]) for kind in KINDS]
    return [(heading, list(items)) for heading, items in groups if items]

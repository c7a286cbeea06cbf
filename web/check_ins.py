"""A check-in's page for its two people: what is ahead of the talk, what was read and written, what came of it."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle import heard as hearing
from cycle.sentences import Sentence
from integrations.database.columns import new_id
from integrations.database.conversations import Conversation, conversation_for, note_conversation_read
from integrations.database.feedback import shown_to_partner
from integrations.database.heard import Heard, heard_for
from integrations.database.offers import newest_offer
from integrations.database.pre_reads import leaves_at, readers_of_pre_read
from integrations.database.readings import note_readings
from integrations.database.tables import Person
from integrations.database.taken_back import can_take_back
from integrations.database.topics import TopicView, mark_topics_read, topics_for
from integrations.database.worth import worth_said
from web.face import database_of
from web.pages import NotHere, Unfit, page
from web.sessions import Signed, Viewer
from web.slots import stage_of

router = APIRouter(prefix="/check-ins/{check_in_id}")

MODALITIES = {
    "stretch": Sentence("A stretch assignment"),
    "mentoring": Sentence("Mentoring"),
    "training": Sentence("Training"),
    "rotation": Sentence("A rotation"),
    "reading": Sentence("A reading group"),
}
STATES = {
    "due": Sentence("An hour is being looked for."),
    "booked": Sentence("It is in both calendars."),
    "ended": Sentence("The hour has passed."),
    "held": Sentence("You both said that you talked."),
    "did_not_happen": Sentence("You both said that it did not happen."),
    "unconfirmed": Sentence("Nobody knows for sure whether you talked."),
    "excused": Sentence("Left out this time."),
    "cancelled": Sentence("Called off."),
}
SAID = {
    "held": Sentence("Yes, we talked"),
    "moved": Sentence("No, we want another hour"),
    "did_not_happen": Sentence("No, it did not happen"),
}
DONE = {
    "outcome": ("outcome", Sentence("Saved. You can change your answer for as long as you like.")),
    "worth": ("worth", Sentence("Saved. Only you see this answer.")),
    "worth-gone": ("worth", Sentence("Your answer is gone.")),
    "not-this-time": ("outcome", Sentence("It is left out this time. The next one comes at its usual time.")),
    "topic": ("agenda", Sentence("It is on the list, for both of you.")),
    "topic-done": ("agenda", Sentence("Ticked off.")),
    "topic-open": ("agenda", Sentence("It is back on the list.")),
    "topic-gone": ("agenda", Sentence("Taken back, as if it had never been there.")),
    "note": ("notes", Sentence("Your note is saved.")),
    "note-gone": ("notes", Sentence("Your note is taken back.")),
    "note-back": ("notes", Sentence("Your note is back.")),
    "heard": ("heard", Sentence("Your line is saved.")),
    "heard-gone": ("heard", Sentence("Your line is taken back.")),
    "answer": ("heard", Sentence("Your answer is saved. Both stand together now.")),
    "action": ("actions", Sentence("Agreed.")),
    "action-gone": ("actions", Sentence("Taken back, as if it had never been agreed.")),
    "action-again": ("actions", Sentence("Taken back. Here it is once more, to be changed.")),
}
"""What has just been done, by its word in the address: in which part of the page it is said, and how."""

WORTH = {"yes": Sentence("Yes"), "partly": Sentence("Partly"), "no": Sentence("No")}


@router.get("")
async def show(
    request: Request,
    viewer: Signed,
    check_in_id: str,
    said: str = "",
    saved: str = "",
    made: str = "",
    change: str = "",
) -> Response:
    """`said`, from a letter's link, preselects an answer; only the button gives it. `made`: an action that was just
    agreed on; `change`: the note that is shown to be written anew.
    """
    return await talk_page(request, viewer, check_in_id, said=said, saved=saved, made=made, change=change)


async def talk_page(
    request: Request,
    viewer: Viewer,
    check_in_id: str,
    *,
    status: int = 200,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    said: str = "",
    saved: str = "",
    made: str = "",
    change: str = "",
) -> Response:
    """The page; with `typed` and `errors`, as it comes back when something in a form of it did not fit."""
    now = request.state.now

    async def ask(session: AsyncSession) -> tuple[Conversation, dict[str, Any]]:
        shown = await conversation_for(session, check_in_id, viewer.id, now)
        if shown is None:
            raise NotHere
        topics = await topics_for(session, shown, viewer.id)
        heard = await heard_for(session, shown, viewer.id)
        noted = await _note_read(session, request, shown, topics, heard, viewer)
        offer = await newest_offer(session, check_in_id) if shown.access == "everything" else None
        new = next((each for each in shown.actions if each.row.id == made), None)
        return shown, {
            "noted": noted,
            "topics": topics,
            "heard": heard,
            "hours": await stage_of(session, shown, offer, now) if offer else "nothing",
            "worth": await worth_said(session, check_in_id, viewer.id),
            "leaves_at": await leaves_at(session, shown, now) if shown.access == "everything" else None,
            "readers": await readers_of_pre_read(session, check_in_id) if shown.snapshot else (),
            "feedback": await shown_to_partner(session, shown.pair.person.id, viewer.id, now),
            "assistant": await _assistant(session, shown),
            "new": new,
            "new_can_go": new is not None and await can_take_back(session, new.row, viewer.id, now),
        }

    shown, facts = await database_of(request).noting(ask)
    row = shown.pair.row
    return page(
        request,
        "check_in.html",
        status,
        shown=shown,
        row=row,
        other=shown.other(viewer.id),
        mine=viewer.id == shown.pair.person.id,
        state=STATES["ended" if shown.over and row.state == "booked" else row.state],
        said=said or shown.said or "",
        ask_again=bool(said) and said != shown.said,
        said_words=SAID,
        worth_words=WORTH,
        done=DONE.get(saved, ("", "")),
        change=change,
        form_token=new_id(),
        modalities=MODALITIES,
        not_for=hearing.NOT_FOR,
        line_letters=hearing.LETTERS,
        typed=dict(typed or {}),
        errors=dict(errors or {}),
        **facts,
    )


async def _assistant(session: AsyncSession, shown: Conversation) -> Person | None:
    """Who may choose the hour for the partner, while there is one to choose."""
    assistant_id = shown.pair.partner.assistant_id if shown.can_leave_out else None
    return await session.get(Person, assistant_id) if assistant_id else None


async def pair_for(
    session: AsyncSession, request: Request, viewer: Viewer, check_in_id: str, typed: Mapping[str, str] | None = None
) -> Conversation:
    """The check-in for one of the two of today, who may add to it. Raises NotHere, or Unfit for a former partner."""
    shown = await conversation_for(session, check_in_id, viewer.id, request.state.now)
    if shown is None:
        raise NotHere
    if shown.access != "everything":
        raise Unfit(Sentence("You no longer hold these check-ins, so nothing can be added here."), typed)
    return shown


async def _note_read(
    session: AsyncSession,
    request: Request,
    shown: Conversation,
    topics: list[TopicView],
    heard: Mapping[str, Heard],
    viewer: Viewer,
) -> bool:
    """Notes all of the others' that the page is about to show. Returns whether anybody learns of it."""
    now, other_id = request.state.now, shown.other(viewer.id).id
    told = await note_conversation_read(session, shown, viewer.person, now)
    theirs = {each.check_in_id for each in topics if each.writer.id == other_id}
    if any(each.writer.id == other_id or each.answer for each in heard.values()):
        theirs.add(shown.pair.row.id)
    await mark_topics_read(session, [each.id for each in topics], viewer.id, now)
    return await note_readings(session, viewer.person, [(other_id, f"notes/{each}") for each in theirs], now) or told

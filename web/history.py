"""Everybody's own history: past talks with what may be read of each, and a search in nothing but that.

What is looked for is posted: words that somebody types enter no address, and so no log.
"""

from itertools import groupby

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle.search import wanted_words
from cycle.sentences import Sentence
from integrations.database.found_words import FoundWords, find_in_talks
from integrations.database.past_talks import Talk, is_past, talks_of
from web.check_ins import STATES
from web.face import database_of
from web.pages import page, typed_in
from web.sessions import Signed

router = APIRouter(prefix="/history")

MOST = 40
"""Talks on a page; the older ones are a click away."""

HOLDS = {
    "pre-read": Sentence("pre-read"),
    "answer": Sentence("answers"),
    "note": Sentence("notes"),
    "heard": Sentence("what you heard"),
    "topic": Sentence("topics"),
    "action": Sentence("actions"),
}
FOUND_IN = {
    "answer": Sentence("Answer"),
    "note": Sentence("Note"),
    "heard": Sentence("What was heard"),
    "topic": Sentence("Topic"),
    "action": Sentence("Action"),
}


@router.get("")
async def show(request: Request, viewer: Signed, all: str = "") -> Response:  # noqa: A002 - as it stands in the link
    async with database_of(request).reading() as session:
        talks = [each for each in await talks_of(session, viewer.person, request.state.now) if is_past(each)]
    shown = talks if all else talks[:MOST]
    return page(
        request,
        "history.html",
        years=_by_year(shown),
        older=len(talks) - len(shown),
        states=STATES,
        holds=HOLDS,
        looked=False,
    )


@router.post("")
async def search(request: Request, viewer: Signed) -> Response:
    """Changes nothing but readings: what is shown of others' words is noted for them."""
    typed = await typed_in(request)
    words = wanted_words(typed.get("q", ""))

    async def ask(session: AsyncSession) -> FoundWords:
        talks = await talks_of(session, viewer.person, request.state.now)
        return await find_in_talks(session, viewer.person, talks, words, request.state.now)

    looked = await database_of(request).noting(ask)
    return page(
        request,
        "history.html",
        typed=typed,
        looked=True,
        words=words,
        found=looked.found,
        more=looked.more,
        noted=looked.noted,
        kinds=FOUND_IN,
    )


def _by_year(talks: list[Talk]) -> list[tuple[int, list[Talk]]]:
    return [(year, list(group)) for year, group in groupby(talks, key=lambda each: each.day.year)]

"""Lets people choose the language of their pages and letters, over the one of their mailbox."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from config.languages import fitting
from cycle.sentences import Sentence
from integrations.database.tables import Person
from web.face import database_of
from web.pages import Unfit, go, typed_in
from web.sessions import Signed
from web.sign_in import local_path

router = APIRouter()


@router.post("/language")
async def choose(request: Request, viewer: Signed) -> Response:
    typed = await typed_in(request)
    language = fitting(typed.get("language"))
    if language is None:
        raise Unfit(Sentence("Choose one of the languages at the foot of the page."))
    async with database_of(request).transaction() as session:
        (await session.get_one(Person, viewer.id)).language_chosen = language
    return go(local_path(typed.get("back", "/")))

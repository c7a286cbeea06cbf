"""Who is reading: a signed cookie names an Entra object id, the database says whether they are still here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, FastAPI
from sqlalchemy import select
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import Response

from config.settings import Settings
from cycle.sentences import Sentence
from integrations.database.people import language_of
from integrations.database.tables import Person
from web.face import database_of, face_of
from web.pages import go, trouble, typed_in

HOURS = 8
COOKIE = "perennial"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody signed in. `roles` are Entra app roles, such as "HR"."""

    person: Person
    roles: frozenset[str]

    @property
    def id(self) -> str:
        return self.person.id

    @property
    def zone(self) -> str:
        return self.person.zone

    @property
    def is_hr(self) -> bool:
        return "HR" in self.roles


class SignedOut(Exception):
    """Nobody is signed in. What was typed is carried along, to be shown again."""

    def __init__(self, typed: Mapping[str, str] | None = None) -> None:
        super().__init__("nobody is signed in")
        self.typed = dict(typed or {})


class NoLongerHere(Exception):
    """The signed-in account belongs to nobody here, or to somebody who has left."""


def add_sessions(app: FastAPI, settings: Settings) -> None:
    app.add_middleware(
        SessionMiddleware,
        secret_key=settings.session_key.get_secret_value(),
        session_cookie=COOKIE,
        max_age=HOURS * 3600,
        same_site="lax",
        https_only=settings.public_url.startswith("https://"),
    )


async def signed_in(request: Request) -> Viewer:
    """The viewer of this request. Raises SignedOut or NoLongerHere, each of which becomes a page."""
    oid = request.session.get("oid")
    if not isinstance(oid, str):
        raise SignedOut(await typed_in(request) if request.method == "POST" else None)
    async with database_of(request).reading() as session:
        person = await session.scalar(select(Person).where(Person.oid == oid))
    if person is None or (person.left_at is not None and person.left_at <= request.state.now):
        request.session.clear()
        raise NoLongerHere
    viewer = Viewer(person, frozenset(request.session.get("roles", ())))
    request.state.viewer = viewer
    request.state.language = language_of(person, face_of(request).settings.language)
    return viewer


Signed = Annotated[Viewer, Depends(signed_in)]
"""The parameter type of a page that needs somebody signed in."""


async def on_signed_out(request: Request, error: Exception) -> Response:
    assert isinstance(error, SignedOut)
    # A script cannot follow to another site; told that it is signed out, it lets the browser ask again.
    if request.method in {"GET", "HEAD"} and "hx-request" not in request.headers:
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return go(f"/sign-in?to={quote(asked, safe='')}")
    shown = {name: text for name, text in error.typed.items() if name not in {"form_token", "do"}}
    return trouble(
        request,
        401,
        title=Sentence("You have been signed out in the meantime"),
        sentence=Sentence("What you typed was not saved. It stands below: copy it, sign in, and send it again."),
        typed=shown,
        way_on=(Sentence("Sign in"), "/sign-in"),
    )


async def on_no_longer_here(request: Request, _error: Exception) -> Response:
    return trouble(
        request,
        403,
        title=Sentence("We do not know this account"),
        sentence=Sentence("You are signed in at Microsoft, but nobody with this account takes part here."),
    )

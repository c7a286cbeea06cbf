"""Who is reading: a signed cookie names an account of our tenant, the database says whether it still opens anything.

What Entra vouched for counts for `HOURS`, however busy the browser is, and no longer than until the person signs out
anywhere: signing out raises `people.signed_out`, which every cookie repeats, so a stolen one ends there too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, FastAPI
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import select, update
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import Response

from config.settings import Settings
from cycle.sentences import Sentence
from integrations.database.people import locale_of, person_by_oid
from integrations.database.tables import Person
from integrations.entra.sign_in import SignedIn
from web.face import database_of, face_of
from web.pages import go, trouble, typed_in
from web.rate_limits import address_of, count_form

HOURS = 8
HR, ADMIN = "HR", "Admin"
"""App roles, as they are named in Entra."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody signed in. `roles` are the Entra app roles they had when they signed in."""

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
        return HR in self.roles

    @property
    def sees_faults(self) -> bool:
        """What cannot go on by itself is for HR and for the administrator; who asks for help is HR's alone."""
        return not self.roles.isdisjoint({HR, ADMIN})


class SignedOut(Exception):
    """Nobody is signed in. What was typed is carried along, to be shown again."""

    def __init__(self, typed: Mapping[str, str] | None = None) -> None:
        super().__init__("nobody is signed in")
        self.typed = dict(typed or {})


class NoLongerHere(Exception):
    """The signed-in account belongs to nobody here, or to somebody who has left."""


def cookie_name(settings: Settings) -> str:
    """Over https one that browsers take from this very host alone (RFC 6265bis, 4.1.3.2), never from a subdomain."""
    return "__Host-perennial" if _https(settings) else "perennial"


def add_sessions(app: FastAPI, settings: Settings) -> None:
    app.add_middleware(
        SessionMiddleware,
        secret_key=settings.session_key.get_secret_value(),
        session_cookie=cookie_name(settings),
        max_age=HOURS * 3600,
        # Lax, not Strict: people come by links in letters, and back from Entra.
        same_site="lax",
        https_only=_https(settings),
    )


def _https(settings: Settings) -> bool:
    return settings.public_url.startswith("https://")


async def begin_session(request: Request, who: SignedIn) -> None:
    """Everything that the browser carried before is let go, and what Entra just said is kept in its place."""
    async with database_of(request).reading() as session:
        person = await person_by_oid(session, who.oid)
    request.session.clear()
    request.session["signed_in"] = _sealed(request).dumps(
        {"oid": who.oid, "tid": who.tid, "roles": sorted(who.roles), "no": person.signed_out if person else 0}
    )


async def end_session(request: Request) -> None:
    """Signs out here and, since a copy of the cookie may be anywhere, everywhere else."""
    account = account_of(request)
    request.session.clear()
    if account is not None:
        ended = update(Person).where(Person.oid == account["oid"], Person.signed_out == account["no"])
        async with database_of(request).transaction() as session:
            await session.execute(ended.values(signed_out=Person.signed_out + 1))


def account_of(request: Request) -> dict[str, Any] | None:
    """What Entra said of whoever uses this browser, while it counts and is about our own tenant."""
    sealed = request.session.get("signed_in")
    if not isinstance(sealed, str):
        return None
    try:
        account: dict[str, Any] = _sealed(request).loads(sealed, max_age=HOURS * 3600)
    except BadSignature:
        return None
    return account if account["tid"] == face_of(request).settings.tenant_id else None


def _sealed(request: Request) -> URLSafeTimedSerializer:
    """Its own instant beside the cookie's, which is a new one each time the session changes."""
    return URLSafeTimedSerializer(face_of(request).settings.session_key.get_secret_value(), salt="signed in")


async def signed_in(request: Request) -> Viewer:
    """The viewer of this request. Raises SignedOut, NoLongerHere and TooMany, each of which becomes a page."""
    account = account_of(request)
    if request.method == "POST":
        # With the number of sign-outs: an old copy of a cookie opens nothing, and takes no turn of its owner's either.
        await count_form(request, f"{account['oid']}/{account['no']}" if account else address_of(request))
    if account is None:
        raise await _signed_out(request)
    async with database_of(request).reading() as session:
        person = await session.scalar(select(Person).where(Person.oid == account["oid"]))
    if person is None or (person.left_at is not None and person.left_at <= request.state.now):
        request.session.clear()
        raise NoLongerHere
    if person.signed_out != account["no"]:
        request.session.clear()
        raise await _signed_out(request)
    viewer = Viewer(person, frozenset(account["roles"]))
    request.state.viewer = viewer
    request.state.locale = locale_of(person, face_of(request).settings.language)
    return viewer


async def _signed_out(request: Request) -> SignedOut:
    return SignedOut(await typed_in(request) if request.method == "POST" else None)


Signed = Annotated[Viewer, Depends(signed_in)]
"""The parameter type of a page that needs somebody signed in."""


async def on_signed_out(request: Request, error: Exception) -> Response:
    assert isinstance(error, SignedOut)
    # A script cannot follow to another site; told that it is signed out, it lets the browser ask again.
    if request.method in {"GET", "HEAD"} and "hx-request" not in request.headers:
        return go(_sign_in_for(request.url.path + (f"?{request.url.query}" if request.url.query else "")))
    # The page with the form, where the browser says it.
    ours, came_from = face_of(request).settings.public_url, request.headers.get("referer", "")
    form = came_from.removeprefix(ours) if came_from.startswith(f"{ours}/") else "/"
    return trouble(
        request,
        401,
        title=Sentence("You have been signed out in the meantime"),
        sentence=Sentence("What you typed was not saved. It stands below: copy it, sign in, and send it again."),
        typed=error.typed,
        way_on=(Sentence("Sign in"), _sign_in_for(form)),
    )


def _sign_in_for(path: str) -> str:
    return f"/sign-in?to={quote(path, safe='')}"


async def on_no_longer_here(request: Request, _error: Exception) -> Response:
    return trouble(
        request,
        403,
        title=Sentence("We do not know this account"),
        sentence=Sentence("You are signed in at Microsoft, but nobody with this account takes part here."),
    )

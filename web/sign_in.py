"""Signing in at Entra and out again. A link only ever leads back to one of our own pages."""

import re
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cycle.sentences import Sentence
from integrations.entra.sign_in import SignInRefused
from web.face import face_of
from web.pages import go, page, trouble
from web.rate_limits import count_sign_in
from web.sessions import account_of, begin_session, end_session

router = APIRouter()

OUR_PATHS = re.compile(
    r"/(?:[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)?(?:\?[A-Za-z0-9._~!$'()*+,;:@/?%=&-]*)?"
)
"""Paths as ours are written: no empty or dotted segment, nothing encoded that browsers read in two ways."""


TABS = 3
"""Sign-ins that one browser may have under way, each in a tab: the cookie has no room for many."""


def local_path(to: str) -> str:
    """`to` when it is a path on this site, else the start: a mailed link cannot lead elsewhere."""
    return to if OUR_PATHS.fullmatch(to) and not to.startswith(("/sign-", "/signed-out")) else "/"


@router.get("/sign-in")
async def start(request: Request, to: str = "/") -> Response:
    await count_sign_in(request)
    face = face_of(request)
    try:
        url, flow = await face.sign_in.start(f"{face.settings.public_url}/sign-in/done")
    except SignInRefused as error:
        return _refused(request, error, local_path(to))
    begun = [*_begun(request).items(), (flow["state"], {"flow": flow, "to": local_path(to)})]
    request.session["signing_in"] = dict(begun[-TABS:])
    return RedirectResponse(url, status_code=303)


@router.get("/sign-in/done")
async def done(request: Request) -> Response:
    await count_sign_in(request)
    begun = _begun(request)
    if not begun:
        return go("/" if account_of(request) else "/sign-in")
    # A state that is none of them fits none: whichever is taken, it is refused.
    state = request.query_params.get("state", "")
    mine = begun.pop(state) if state in begun else next(iter(begun.values()))
    try:
        person = await face_of(request).sign_in.finish(mine["flow"], dict(request.query_params))
    except SignInRefused as error:
        # Whoever is signed in stays so, and the sign-in that was begun can still end: a forged link takes nothing away.
        return _refused(request, error, mine["to"])
    await begin_session(request, person)
    # Other tabs are still at Entra, and come back each to its own page.
    request.session["signing_in"] = begun
    return go(local_path(mine["to"]))


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    # By address, as signing in: whoever floods the forms of a stolen session does not keep its owner from ending it.
    await count_sign_in(request)
    await end_session(request)
    return go("/signed-out")


@router.get("/signed-out")
async def signed_out(request: Request) -> Response:
    return page(request, "signed_out.html")


def _begun(request: Request) -> dict[str, Any]:
    """What each sign-in that was begun in this browser needs to end, by its state; the oldest first."""
    begun = request.session.get("signing_in")
    return dict(begun) if isinstance(begun, dict) else {}


def _refused(request: Request, error: SignInRefused, to: str) -> Response:
    again = f"/sign-in?{urlencode({'to': to})}"
    title = Sentence("You could not be signed in")
    return trouble(request, 403, title=title, sentence=error.sentence, way_on=(Sentence("Sign in again"), again))

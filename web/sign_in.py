"""Signing in at Entra and out again. A link only ever leads back to one of our own pages."""

from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cycle.sentences import Sentence
from integrations.entra.sign_in import SignInRefused
from web.face import face_of
from web.pages import go, page, trouble

router = APIRouter()


def local_path(to: str) -> str:
    """`to` when it is a path on this site, else the start: a mailed link cannot lead elsewhere."""
    parts = urlsplit(to)
    odd = any(mark.isspace() or mark == "\\" or not mark.isprintable() for mark in to)
    if odd or parts.scheme or parts.netloc or not to.startswith("/") or to.startswith(("//", "/sign-")):
        return "/"
    return to


@router.get("/sign-in")
async def start(request: Request, to: str = "/") -> Response:
    face = face_of(request)
    try:
        url, flow = await face.sign_in.start(f"{face.settings.public_url}/sign-in/done")
    except SignInRefused as error:
        return _refused(request, error)
    request.session["sign_in"] = {"flow": flow, "to": local_path(to)}
    return RedirectResponse(url, status_code=303)


@router.get("/sign-in/done")
async def done(request: Request) -> Response:
    begun = request.session.get("sign_in")
    if not isinstance(begun, dict):
        return go("/" if "oid" in request.session else "/sign-in")
    try:
        person = await face_of(request).sign_in.finish(begun["flow"], dict(request.query_params))
    except SignInRefused as error:
        # Whoever is signed in stays so, and the sign-in that was begun can still end: a forged link takes nothing away.
        return _refused(request, error)
    request.session.clear()
    request.session["oid"] = person.oid
    request.session["roles"] = sorted(person.roles)
    return go(local_path(begun["to"]))


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    request.session.clear()
    return go("/signed-out")


@router.get("/signed-out")
async def signed_out(request: Request) -> Response:
    return page(request, "signed_out.html")


def _refused(request: Request, error: SignInRefused) -> Response:
    return trouble(request, 403, title=Sentence("You could not be signed in"), sentence=error.sentence)

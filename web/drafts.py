"""What a form hears back when its script saves it while somebody types."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cycle.sentences import Sentence
from web.face import face_of
from web.pages import words_of
from web.sessions import Viewer


def kept(request: Request, viewer: Viewer, fields: Mapping[str, str], waiting: Sequence[str] = ()) -> Response:
    """`fields` are the form's as they are kept now; `waiting` names those that only its button sends."""
    hour = request.state.now.astimezone(ZoneInfo(viewer.zone)).time()
    said = Sentence("Saved {hour}", hour=hour)
    if waiting:
        said = Sentence("Saved {hour}. What you share is sent when you press Save.", hour=hour)
    return JSONResponse({"words": words_of(request).say(said), "fields": dict(fields), "waiting": list(waiting)})


def key_of(request: Request, viewer_id: str) -> str:
    """What a browser locks this person's drafts with on their device: 32 bytes in base64, the same each time they
    sign in, told to nobody else. Whoever shares the device finds nothing to read.
    """
    secret = face_of(request).settings.session_key.get_secret_value()
    made = hmac.digest(secret.encode(), f"drafts of {viewer_id}".encode(), hashlib.sha256)
    return base64.b64encode(made).decode()

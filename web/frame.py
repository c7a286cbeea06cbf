"""What surrounds every page: time is read once, a post must come from us, no fault shows its insides."""

import logging
import traceback
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from cycle.sentences import Sentence
from integrations.clock import ClockUnreachable
from web.face import face_of
from web.pages import trouble, typed_before
from web.same_origin import comes_from_us

log = logging.getLogger(__name__)

LARGEST_FORM = 1_000_000
"""Bytes of a posted form."""

TYPED_IS_BELOW = Sentence(
    "Nothing you saved earlier is lost. What you typed now stands below: copy it, and send it again in a few minutes."
)

HEADERS = {
    "Content-Security-Policy": (
        # Pico draws ticks and arrows with data: images.
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not "no-referrer": browsers then hide the Origin of a form too, which same_origin needs.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
HTTPS_FOR_A_YEAR = "max-age=31536000"
"""Of our own host only: what stands on its subdomains is not ours to say."""


async def frame(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """The outermost layer, and so the one place that catches everything."""
    try:
        answer = await _within(request, call_next)
    except ClockUnreachable as error:
        log.error("%s", error)
        answer = trouble(request, 503)
    except Exception as error:  # noqa: BLE001 - outermost: a person gets a page, the log gets where, never what
        last = traceback.extract_tb(error.__traceback__)[-1]
        log.error(
            "%s %s: %s at %s:%s",
            request.method,
            request.url.path,
            type(error).__name__,
            last.filename,
            last.lineno,
        )
        typed = typed_before(request)
        answer = trouble(request, 500, sentence=TYPED_IS_BELOW if typed else None, typed=typed)
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    if face_of(request).settings.public_url.startswith("https://"):
        answer.headers.setdefault("Strict-Transport-Security", HTTPS_FOR_A_YEAR)
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


async def _within(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    # Graph's posts come from no page of ours: they prove themselves otherwise, and are answered whatever happens.
    if request.url.path.startswith(("/static/", "/graph/")):
        return await call_next(request)
    request.state.now = await face_of(request).clock.now()
    if request.method not in {"GET", "HEAD"}:
        if not comes_from_us(request, face_of(request).settings.public_url):
            return trouble(request, 403)
        size = request.headers.get("content-length", "")
        if not size.isdecimal() or int(size) > LARGEST_FORM:
            return trouble(request, 413)
    return await call_next(request)

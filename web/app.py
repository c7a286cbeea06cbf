"""Puts the face together: its pages in their frame, for one database, clock and sign-in."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from config.settings import Settings
from integrations.clock import Clock
from integrations.database.connection import Database
from web import (
    actions,
    agreements,
    assets,
    check_ins,
    evidence,
    feedback,
    goals,
    handover,
    health,
    heard,
    history,
    home,
    hr,
    languages,
    learning_moments,
    milestones,
    notes,
    notifications,
    outcomes,
    pathways,
    plans,
    pre_reads,
    privacy,
    reflections,
    slots,
    stalls,
    supporters,
    time_blocks,
    topics,
)
from web import sign_in as signing
from web.face import Face, SignIn
from web.frame import frame
from web.navigation import entries_among
from web.pages import NotHere, Unfit, on_http, on_invalid, on_not_here, on_unfit
from web.rate_limits import TooMany, Turns, on_too_many
from web.sessions import NoLongerHere, SignedOut, add_sessions, on_no_longer_here, on_signed_out


def build_app(settings: Settings, database: Database, clock: Clock, sign_in: SignIn) -> FastAPI:
    """The face as an ASGI application. It owns none of what it is given: whoever opened them closes them."""
    # A redirect to the address without its slash would name the scheme and host that a proxy asked for.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.face = Face(settings, database, clock, sign_in)
    app.state.turns = Turns()
    app.state.ear = notifications.Ear()
    app.middleware("http")(frame)
    add_sessions(app, settings)
    for error, answer in (
        (NotHere, on_not_here),
        (Unfit, on_unfit),
        (SignedOut, on_signed_out),
        (NoLongerHere, on_no_longer_here),
        (TooMany, on_too_many),
        (HTTPException, on_http),
        (RequestValidationError, on_invalid),
    ):
        app.add_exception_handler(error, answer)
    modules = (
        assets,
        signing,
        languages,
        home,
        reflections,
        learning_moments,
        check_ins,
        pre_reads,
        topics,
        notes,
        heard,
        agreements,
        outcomes,
        history,
        actions,
        time_blocks,
        plans,
        stalls,
        goals,
        milestones,
        evidence,
        supporters,
        handover,
        feedback,
        pathways,
        privacy,
        hr,
        health,
        notifications,
        slots,
    )
    for pages in modules:
        # To include a router would make each of its routes anew at an application's first request.
        app.router.routes.extend(pages.router.routes)
    app.state.navigation = entries_among(route for pages in modules for route in pages.router.routes)
    return app

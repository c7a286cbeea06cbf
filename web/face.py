"""What every page of one running face shares: its settings, database, clock and sign-in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from starlette.requests import Request

from config.settings import Settings
from integrations.clock import Clock
from integrations.database.connection import Database
from integrations.entra.sign_in import SignedIn


class SignIn(Protocol):
    """Vouches for people: `integrations.entra.sign_in.SignIn`. Both raise SignInRefused."""

    async def start(self, redirect_uri: str) -> tuple[str, dict[str, Any]]: ...

    async def finish(self, flow: dict[str, Any], query: Mapping[str, str]) -> SignedIn: ...


@dataclass(frozen=True, slots=True)
class Face:
    settings: Settings
    database: Database
    clock: Clock
    sign_in: SignIn


def face_of(request: Request) -> Face:
    return cast(Face, request.app.state.face)


def database_of(request: Request) -> Database:
    return face_of(request).database

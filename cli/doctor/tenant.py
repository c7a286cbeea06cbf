"""The tenant as the app meets it: whether Entra gives it a token, whose, and whether both clocks agree."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import jwt
import requests

from cli.doctor.finding import Finding, fail, ok, warn
from config.settings import SYSTEM, Settings
from integrations.clock import Clock, RealClock
from integrations.entra.app import unreachable
from integrations.entra.http import open_entra_http
from integrations.entra.tokens import MsalTokens, TokenRefused

TENANT, CLOCK = "Tenant", "Clock"

# Beyond it nobody can sign in: id tokens are taken with a leeway of a minute.
TOO_FAR = timedelta(seconds=60)
NOTABLE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Passport:
    """What the app's own token for Graph says; `roles` is None where it cannot be read."""

    finding: Finding
    roles: frozenset[str] | None


async def passport(settings: Settings, tokens: MsalTokens) -> Passport:
    try:
        token = await tokens.get_authorization_token(settings.graph_url)
    except TokenRefused as error:
        return Passport(fail(TENANT, str(error)), None)
    try:
        # Our own token, fresh from Entra and not relied on: nothing is decided by it but what is printed here.
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return Passport(warn(TENANT, "it gives the app a token, which only Graph can read."), None)
    name = claims.get("app_displayname") or claims.get("appid") or "an app without a name"
    if claims.get("tid") != settings.tenant_id:
        finding = fail(TENANT, "the app's token is of another tenant.", "Correct PERENNIAL_TENANT_ID.")
    elif claims.get("appid") != settings.client_id and settings.managed_identity != SYSTEM:
        finding = fail(TENANT, f"the token is of another app, {name}.", "Correct PERENNIAL_CLIENT_ID.")
    else:
        finding = ok(TENANT, f"Entra gives {name} a token.")
    return Passport(finding, frozenset(map(str, claims.get("roles", ()))))


async def clock_skew(settings: Settings, ours: Clock | None = None) -> Finding:
    """Our clock against Entra's Date header, which has whole seconds. Real time on both sides, in sandbox mode too."""
    clock = ours or RealClock()
    before = await clock.now()
    try:
        theirs = await asyncio.to_thread(_date_of_entra, settings)
    except (requests.RequestException, ValueError, TypeError):
        return fail(CLOCK, unreachable(settings))
    now = before + (await clock.now() - before) / 2
    skew = now - theirs
    seconds = round(abs(skew).total_seconds())
    if abs(skew) < NOTABLE:
        return ok(CLOCK, f"within {seconds} s of Entra's.")
    sentence = f"{seconds} s {'ahead of' if skew > timedelta(0) else 'behind'} Entra's"
    remedy = "Let this machine keep time by NTP."
    if abs(skew) < TOO_FAR:
        return warn(CLOCK, f"{sentence}.", remedy)
    return fail(CLOCK, f"{sentence}, so tokens and sign-ins are refused.", remedy)


def _date_of_entra(settings: Settings) -> datetime:
    http = open_entra_http(settings)
    try:
        answer = http.get(f"{settings.authority}/v2.0/.well-known/openid-configuration")
        return parsedate_to_datetime(answer.headers.get("Date", "")).astimezone(UTC)
    finally:
        http.close()

"""Whether Graph can tell us of changes: our door answers, and Graph has been let in."""

from datetime import datetime

import httpx

from cli.doctor.finding import Finding, fail, ok, warn
from config.settings import Settings
from integrations.database.tables import CalendarWatchRow

NAME = "Webhook"
DOORS = ("/graph/notifications", "/graph/lifecycle")
SENT = "Perennial: is it you?"
# What Graph itself allows (learn.microsoft.com/graph/change-notifications-delivery-webhooks).
WITHIN_SECONDS = 10


async def webhook(settings: Settings, watch: CalendarWatchRow | None, now: datetime | None) -> Finding:
    """`watch` is the service mailbox's; `now` is None where the database could not be asked for it."""
    url = settings.webhook_url
    if url is None:
        return warn(
            NAME,
            f"PERENNIAL_PUBLIC_URL is {settings.public_url}, where Graph sends nothing; changes in calendars are "
            f"noticed every {settings.look_every_hours} hours only.",
            "Serve the web face at an https:// address.",
        )
    async with httpx.AsyncClient(timeout=WITHIN_SECONDS, trust_env=False) as http:
        for door in DOORS:
            try:
                answer = await http.post(url + door, params={"validationToken": SENT})
            except httpx.HTTPError as error:
                return fail(
                    NAME,
                    f"{url}{door} does not answer ({type(error).__name__}).",
                    "Start the web face (python -m web.server), and let Graph through to it.",
                )
            if answer.status_code != 200 or answer.text != SENT:
                return fail(
                    NAME,
                    f"{url}{door} answers, but not as ours does ({answer.status_code}).",
                    "Correct PERENNIAL_PUBLIC_URL, or what stands before the web face: it has to pass queries on.",
                )
    if now is None:
        return warn(NAME, f"{url} answers from here; whether Graph tells it of anything, only the database knows.")
    expires = watch.expires_at if watch and watch.subscription_id else None
    if expires is None or expires <= now:
        return warn(
            NAME,
            f"{url} answers from here, but Graph has no subscription to the service mailbox.",
            "Start the worker, which makes one; if this stays so, grant Calendars.Read on that mailbox in Exchange.",
        )
    return ok(NAME, f"{url} answers, and Graph tells it of changes until {expires:%Y-%m-%d %H:%M} UTC.")

"""What no document says of Graph, asked of a tenant: each question with the answer in words, and what was seen.

What is seen are statuses, error codes and yes or no: nothing that says in which tenant it was.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from cli.doctor.bench import SUBJECT, Bench, moment
from integrations.graph.mime import as_mime, message_id
from integrations.graph.plain import Answer

MOST_IN_A_BATCH = 20
IN_ENTRA = frozenset({"Calendars.Read", "Calendars.ReadWrite", "Calendars.ReadBasic.All"})


@dataclass(frozen=True, slots=True)
class Answered:
    """`answer` is None where the tenant could not be asked; then `why_not` says why."""

    answer: str | None
    seen: dict[str, Any] = field(default_factory=dict)
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    text: str
    ask: Callable[[Bench], Awaitable[Answered]]


def shown(answer: Answer) -> dict[str, Any]:
    return {"status": answer.status, "code": answer.code or None}


def not_asked(why: str, **seen: Any) -> Answered:
    return Answered(None, seen, why)


def judged(*answers: Answer) -> bool:
    """Whether Graph looked at each request itself: it was not too busy, at fault, or closed to the app."""
    return all(each.status < 500 and each.status not in (401, 403, 429) for each in answers)


async def transaction_id(bench: Bench) -> Answered:
    once = str(uuid4())
    first = await bench.make_event(transactionId=once)
    if not first.well:
        return not_asked("the test mailbox takes no event from the app", first=shown(first))
    same = await bench.make_event(transactionId=once)
    other = await bench.make_event(transactionId=once, subject=f"{SUBJECT} (another body)")
    seen: dict[str, Any] = {"same_body": shown(same), "other_body": shown(other)}
    seen["same_body"]["same_event"] = first.body.get("id") == same.body.get("id")
    seen["other_body"]["same_event"] = first.body.get("id") == other.body.get("id")
    seen["other_body"]["body_kept"] = "first" if other.body.get("subject") == SUBJECT else "second"
    if not judged(same, other):
        return not_asked("the test mailbox took a first event and did not look at the next", **seen)
    if not other.well:
        words = f"another body under the same transactionId is refused ({other.status} {other.code})"
    elif seen["other_body"]["same_event"]:
        kept = seen["other_body"]["body_kept"]
        words = f"another body under the same transactionId gives the same event, with the {kept} body"
    else:
        words = "another body under the same transactionId makes a second event"
    waited, still = 0, bool(seen["same_body"]["same_event"])
    while still and waited < bench.window:
        await asyncio.sleep(60)
        waited += 1
        again = await bench.make_event(transactionId=once)
        if not again.well:
            return not_asked(f"after {waited} minutes the event was not taken again", **seen, again=shown(again))
        still = again.body.get("id") == first.body.get("id")
    seen |= {"window_minutes_tried": waited, "still_once": still}
    lasting = f"was {'still' if still else 'no longer'} remembered after {waited} minutes"
    return Answered(f"{words}; it {lasting}" if waited else words, seen)


async def internet_message_id(bench: Bench) -> Answered:
    wanted = f"<{uuid4().hex}@perennial.invalid>"
    where = bench.of(bench.mailbox, "/messages")
    as_json = await bench.make(where, {"subject": SUBJECT, "internetMessageId": wanted})
    key = f"doctor/{uuid4()}"
    mime = as_mime(key, bench.mailbox, bench.mailbox, "Nobody", SUBJECT, "A trial.", "<p>A trial.</p>")
    as_text = await bench.make(where, mime=mime)
    if not judged(as_json, as_text) or not (as_json.well or as_text.well):
        return not_asked("the test mailbox takes no draft from the app", json=shown(as_json), mime=shown(as_text))
    of_mime = message_id(key, bench.mailbox)
    by_it = quote(f"internetMessageId eq '{of_mime}'")
    search = await bench.ask("GET", f"/messages?$filter={by_it}&$select=id")
    if not search.well:
        return not_asked("the test mailbox could not be searched", search=shown(search))
    found = bool(search.body.get("value"))
    json_kept = as_json.body.get("internetMessageId") == wanted
    mime_kept = as_text.body.get("internetMessageId") == of_mime
    words = (
        f"given in JSON it is {_fate(as_json, json_kept)}; given in MIME it is {_fate(as_text, mime_kept)}; "
        f"a draft is {'' if found else 'not '}found by it"
    )
    seen = {
        "json": {**shown(as_json), "kept": json_kept},
        "mime": {**shown(as_text), "kept": mime_kept, "found_by_filter": found},
    }
    return Answered(words, seen)


def _fate(answer: Answer, kept: bool) -> str:
    if not answer.well:
        return f"refused ({answer.status} {answer.code})"
    return "kept" if kept else "replaced by another"


def _subscription(bench: Bench) -> dict[str, Any]:
    return {
        # Another kind of change than the product asks for, so that its own subscription is not in the way.
        "changeType": "created",
        "notificationUrl": f"{bench.webhook_url}/graph/notifications",
        "resource": f"/users/{bench.mailbox}/events",
        "expirationDateTime": (bench.now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "clientState": "perennial-doctor",
    }


async def rbac_only(bench: Bench) -> Answered:
    if bench.webhook_url is None:
        return not_asked("PERENNIAL_PUBLIC_URL is no https address, so Graph would subscribe to nothing there")
    if bench.roles is None or bench.roles & IN_ENTRA:
        return not_asked("the app has calendars in Entra too, or its token cannot be read")
    answer = await bench.make("/subscriptions", _subscription(bench))
    if answer.status == 400:
        return not_asked("Graph did not reach our webhook, or found the request wrong", subscribe=shown(answer))
    if not answer.well and answer.status != 403:
        return not_asked("Graph said neither yes nor no", subscribe=shown(answer))
    verdict = "are enough" if answer.well else "are not enough"
    return Answered(f"grants of Exchange alone {verdict} to subscribe to events", {"subscribe": shown(answer)})


async def duplicate_subscription(bench: Bench) -> Answered:
    if bench.webhook_url is None:
        return not_asked("PERENNIAL_PUBLIC_URL is no https address, so Graph would subscribe to nothing there")
    first = await bench.make("/subscriptions", _subscription(bench))
    if not first.well and first.status != 409:
        return not_asked("Graph took no first subscription", first=shown(first))
    second = await bench.make("/subscriptions", _subscription(bench))
    same = first.well and first.body.get("id") == second.body.get("id")
    seen = {"first": shown(first), "second": {**shown(second), "same_subscription": same}}
    if second.status == 409:
        return Answered("a second one to the same is refused with 409", seen)
    if not second.well:
        return not_asked("the second one failed for another reason", **seen)
    which = "the first one again" if same else "a second one"
    return Answered(f"a second one to the same is {second.status}, and {which}", seen)


async def absolute_urls(bench: Bench) -> Answered:
    path = bench.of(bench.mailbox, "?$select=id")
    relative = await _batch(bench, [path])
    absolute = await _batch(bench, [bench.graph.url + path])
    inside = {"relative": _statuses(relative), "absolute": _statuses(absolute)}
    seen = {
        "relative": {**shown(relative), "inside": inside["relative"]},
        "absolute": {**shown(absolute), "inside": inside["absolute"]},
    }
    if inside["relative"] != [200]:
        return not_asked("not even a relative address worked in a batch", **seen)
    if not judged(absolute) or any(status == 429 or status >= 500 for status in inside["absolute"]):
        return not_asked("the batch with an absolute address was not looked at", **seen)
    if inside["absolute"] == [200]:
        return Answered("an absolute address in a batch works", seen)
    return Answered(f"an absolute address in a batch is refused ({absolute.status}, {inside['absolute']})", seen)


async def big_batch(bench: Bench) -> Answered:
    path = bench.of(bench.mailbox, "?$select=id")
    answer = await _batch(bench, [path] * (MOST_IN_A_BATCH + 1))
    if not judged(answer):
        return not_asked("the batch was not looked at", batch=shown(answer))
    words = "is taken" if answer.well else f"is refused whole with {answer.status} {answer.code}"
    return Answered(f"a batch of {MOST_IN_A_BATCH + 1} {words}", {"batch": shown(answer)})


async def _batch(bench: Bench, urls: list[str]) -> Answer:
    requests = [{"id": str(number), "method": "GET", "url": url} for number, url in enumerate(urls, 1)]
    return await bench.graph.ask("POST", "/$batch", {"requests": requests})


def _statuses(answer: Answer) -> list[int]:
    return [int(each.get("status", 0)) for each in answer.body.get("responses") or ()]


async def teams_link(bench: Bench) -> Answered:
    purpose = await bench.ask("GET", "/mailboxSettings")
    kind = str(purpose.body.get("userPurpose") or "unknown")
    if kind != "shared":
        return not_asked(f"the test mailbox is of kind {kind}, and what is open is a shared one", mailbox=kind)
    event = await bench.make_event(isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
    if not event.well:
        return not_asked("the test mailbox takes no event from the app", create=shown(event))
    rest = bench.of(bench.mailbox, f"/events/{quote(str(event.body['id']), safe='')}")
    linked = await bench.soon(rest, lambda body: bool((body.get("onlineMeeting") or {}).get("joinUrl")))
    seen = {"create": shown(event), "mailbox": kind, "link": linked is not None}
    if linked is None and not (read := await bench.graph.ask("GET", rest)).well:
        return not_asked("the event could not be read again", **seen, read=shown(read))
    return Answered(f"an event in a {kind} mailbox has {'a' if linked else 'no'} Teams link", seen)


async def reset_responses(bench: Bench) -> Answered:
    if not bench.attendee:
        return not_asked("it takes a second test mailbox, which may be written too: --attendee")
    invited = {"emailAddress": {"address": bench.attendee}, "type": "required"}
    event = await bench.make_event(attendees=[invited])
    if not event.well:
        return not_asked("the test mailbox takes no event from the app", create=shown(event))
    mine = bench.of(bench.mailbox, f"/events/{quote(str(event.body['id']), safe='')}")
    same = quote(f"iCalUId eq '{event.body.get('iCalUId')}'")
    copies = await bench.soon(bench.of(bench.attendee, f"/events?$filter={same}"), lambda body: bool(body.get("value")))
    if copies is None:
        return not_asked("the invitation did not arrive, or the second mailbox may not be read")
    copy = quote(str(copies["value"][0]["id"]), safe="")
    accepted = await bench.graph.ask("POST", bench.of(bench.attendee, f"/events/{copy}/accept"), {"sendResponse": True})
    if not accepted.well or await bench.soon(mine, lambda body: _response(body) == "accepted") is None:
        return not_asked("the second mailbox could not accept", accept=shown(accepted))
    start = (bench.now + timedelta(days=365)).replace(hour=3, minute=15, second=0, microsecond=0)
    times = {"start": moment(start), "end": moment(start + timedelta(minutes=30))}
    moved = await bench.graph.ask("PATCH", mine, times)
    if not moved.well:
        return not_asked("the event could not be moved", move=shown(moved))
    reset = await bench.soon(mine, lambda body: _response(body) != "accepted")
    seen = {"move": shown(moved), "response": _response(reset) if reset else "accepted", "minutes_moved": 15}
    if reset is None and not (read := await bench.graph.ask("GET", mine)).well:
        return not_asked("the event could not be read again", **seen, read=shown(read))
    words = f"is reset to {seen['response']}" if reset else "stays accepted"
    return Answered(f"an acceptance {words} when the event moves by 15 minutes", seen)


def _response(event: Any) -> str:
    attendees = event.get("attendees") or [{}]
    return str((attendees[0].get("status") or {}).get("response"))


QUESTIONS = (
    Question("transaction_id", "A transactionId again, with another body, and later?", transaction_id),
    Question("internet_message_id", "Is the internetMessageId of a new draft kept?", internet_message_id),
    Question("rbac_only_subscription", "Do Exchange's grants alone open a subscription?", rbac_only),
    Question("absolute_batch_urls", "Does $batch take absolute addresses?", absolute_urls),
    Question("teams_link", "Does an event of a shared mailbox get a Teams link?", teams_link),
    Question("big_batch", "What is the answer to more than 20 requests in $batch?", big_batch),
    Question("responses_after_a_move", "Are responses reset after a small change of time?", reset_responses),
    Question("duplicate_subscription", "Is the same subscription again 409 or 201?", duplicate_subscription),
)

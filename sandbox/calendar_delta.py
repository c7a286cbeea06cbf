"""calendarView/delta: the events of a window, then what has changed since, round after round.

What a client knows after a round is kept with the mailbox, a few rounds of it; whoever comes back with an older
token begins anew, as with the limited cache of the real service.
"""

from datetime import datetime
from urllib.parse import urlencode

from sandbox.calendars import view_window
from sandbox.calls import LARGEST_PAGE, Call, Json, Reply
from sandbox.errors import GraphError, bad_request
from sandbox.event_view import etag, event_json
from sandbox.evidence import evidence
from sandbox.item_ids import shown_id
from sandbox.items import Event
from sandbox.mailboxes import DeltaRound, Mailbox
from sandbox.routing import Routes
from sandbox.zones import wall_clock

_PAGE = 10
_ROUNDS_KEPT = 8
_UNSUPPORTED = ("$orderby", "$filter", "$select", "$expand", "$search")
_REFERENCE = "learn.microsoft.com/graph/api/event-delta"


def add_routes(routes: Routes) -> None:
    for calendar in ("users/{user}", "users/{user}/calendar"):
        routes.add("GET", f"{calendar}/calendarView/delta", calendar_delta)


@evidence(
    "documented",
    "A round ends with a deltaLink, which holds the window; until then every page has a nextLink.",
    _REFERENCE,
)
@evidence("assumed", "A page has 10 items unless Prefer: odata.maxpagesize says otherwise.", "as of calendarView")
def calendar_delta(call: Call) -> Reply:
    _check_options(call)
    box = call.mailbox
    name, told, at = _round(call, box)
    size = call.preferred_page(_PAGE)
    if not 0 < size <= LARGEST_PAGE:
        raise bad_request(f"The page size must be 1 to {LARGEST_PAGE}, not {size}.", "ErrorInvalidUrlQuery")
    listed = len(told.changed) + len(told.removed)
    body: Json = {"@odata.context": call.context("Collection(event)")}
    body["value"] = [
        view for position in range(at, min(at + size, listed)) if (view := _view(call, box, told, position)) is not None
    ]
    if listed > at + size:
        body["@odata.nextLink"] = _link(call, "$skiptoken", f"{name}.{at + size}")
    else:
        body["@odata.deltaLink"] = _link(call, "$deltatoken", name)
    return Reply(200, body)


@evidence(
    "reported",
    "$select, $filter, $orderby, $expand and $search are 400 ErrorInvalidUrlQuery with change tracking; $top too,"
    " where the page size is a preference.",
    "the service's own messages, quoted by many clients; that they do not go is documented in " + _REFERENCE,
)
def _check_options(call: Call) -> None:
    if any(name in call.query for name in _UNSUPPORTED):
        raise bad_request(
            "The following parameters are not supported with change tracking over the 'CalendarView' resource:"
            f" '{', '.join(_UNSUPPORTED)}'.",
            "ErrorInvalidUrlQuery",
        )
    if "$top" in call.query or "$skip" in call.query:
        raise bad_request(
            "The '$top' parameter is not supported with change tracking over the 'CalendarView' resource as page"
            " size cannot be guaranteed. Express page size preferences using the Prefer: odata.maxpagesize= header"
            " instead.",
            "ErrorInvalidUrlQuery",
        )


def _round(call: Call, box: Mailbox) -> tuple[str, DeltaRound, int]:
    """The round that the request belongs to, by name, and where its page begins. Raises 400 or 410."""
    rounds = box.contents.delta_rounds
    if "$skiptoken" in call.query:
        name, _, position = call.query["$skiptoken"].partition(".")
        found = rounds.get(name)
        if found is None or not (position.isascii() and position.isdigit() and len(position) < 9):
            raise _gone(call)
        return name, found, int(position)
    if call.query.get("$deltatoken"):
        before = rounds.get(call.query["$deltatoken"])
        if before is None:
            raise _gone(call)
        told = next_round(box, before.start, before.end, before)
        if told.known == before.known:
            # Nothing has changed, so the same link will do again.
            same = DeltaRound(before.start, before.end, before.known, [], [])
            return call.query["$deltatoken"], same, 0
        return _kept(box, told), told, 0
    told = next_round(box, *view_window(call), None)
    return _kept(box, told), told, 0


@evidence(
    "documented",
    "A token that the service has forgotten is 410 with syncStateNotFound; how long it remembers depends on a cache.",
    "learn.microsoft.com/graph/delta-query-overview",
)
def _gone(call: Call) -> GraphError:
    return GraphError(
        410,
        "syncStateNotFound",
        "The sync state generation is not found; begin anew without a token.",
        {"Location": f"{call.base}{call.path}"},
    )


def _kept(box: Mailbox, told: DeltaRound) -> str:
    contents = box.contents
    contents.delta_serial += 1
    name = f"{contents.delta_serial:x}-{contents.account_id[:8]}"
    contents.delta_rounds[name] = told
    for oldest in list(contents.delta_rounds)[:-_ROUNDS_KEPT]:
        del contents.delta_rounds[oldest]
    box.touched = True
    return name


@evidence(
    "documented",
    "What was deleted is @removed with reason deleted, and so is a changed event that is outside the window.",
    _REFERENCE,
)
@evidence(
    "reported",
    "A series comes as its master and as occurrences that have little more than their times.",
    "answers about calendarView/delta on learn.microsoft.com/answers",
)
def next_round(box: Mailbox, start: datetime, end: datetime, before: DeltaRound | None) -> DeltaRound:
    """What has changed in the window [start, end) since the round `before`, or all of it if there is none.

    1. Look at everything in the mailbox, and at the occurrences in the window.
    2. To be listed are what is in the window and the masters of its occurrences, if they are new or have changed.
    3. Removed is what is no longer there, and what has changed and is outside the window.
    """
    view = box.events_between(start, end)
    stored = box.contents.events
    known = {event.id: _print(event) for event in (*stored.values(), *view)}
    masters = dict.fromkeys(event.series for event in view if event.series is not None)
    inside = [master for master in masters if master in stored] + [event.id for event in view]
    if before is None:
        return DeltaRound(start, end, known, inside, [])
    changed = {event_id for event_id, seen in known.items() if before.known.get(event_id) != seen}
    there = set(inside)
    removed = [event_id for event_id in before.known if event_id not in known]
    removed += [event_id for event_id in known if event_id in changed and event_id not in there]
    return DeltaRound(start, end, known, [event_id for event_id in inside if event_id in changed], removed)


def _print(event: Event) -> str:
    """Tells one version of an event from another; occurrences have no change number of their own."""
    return f"{event.change}/{event.start.timestamp():.0f}/{event.end.timestamp():.0f}"


def _view(call: Call, box: Mailbox, told: DeltaRound, position: int) -> Json | None:
    """None for what was there when the round began and is not any more; the next round will say so."""
    if position >= len(told.changed):
        gone = told.removed[position - len(told.changed)]
        return {"id": shown_id(call.headers, gone), "@removed": {"reason": "deleted"}}
    event = box.event(told.changed[position])
    if event is None:
        return None
    if event.kind != "occurrence":
        return {"@odata.type": "#microsoft.graph.event", **event_json(call, box, event)}
    zone, zone_name = (box.contents.home, call.zone[1]) if event.all_day else call.zone
    return {
        "@odata.type": "#microsoft.graph.event",
        "@odata.etag": etag(event.id, event.change),
        "id": shown_id(call.headers, event.id),
        "seriesMasterId": shown_id(call.headers, event.series) if event.series else None,
        "type": event.kind,
        "start": wall_clock(event.start, zone, zone_name),
        "end": wall_clock(event.end, zone, zone_name),
    }


def _link(call: Call, name: str, token: str) -> str:
    return f"{call.base}{call.path}?{urlencode({name: token}, safe='$')}"

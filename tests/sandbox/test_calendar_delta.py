"""calendarView/delta: from any point on, the old state and what is told since make the new state."""

import re
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from sandbox.acts import act, put_appointment
from sandbox.bodies import Body
from sandbox.calendar_delta import next_round
from sandbox.mailboxes import DeltaRound, Mailbox
from sandbox.organization import build_organization
from sandbox.tenant import Tenant, build_tenant

DAY0 = date(2030, 2, 4)
MONDAY = datetime(2030, 2, 4, tzinfo=UTC)
WINDOW = (MONDAY + timedelta(days=3), MONDAY + timedelta(days=17))
State = dict[str, tuple[datetime, datetime, int]]

LASTING = {"Prefer": 'IdType="ImmutableId"'}


def seen(box: Mailbox) -> State:
    """What GET calendarView would show."""
    return {e.id: (e.start, e.end, e.change) for e in box.events_between(*WINDOW)}


def merged(box: Mailbox, state: State, told: DeltaRound) -> State:
    """The state of a client that applies a round to what it knew, masters aside."""
    found = dict(state)
    for event_id in told.removed:
        found.pop(event_id, None)
    for event_id in told.changed:
        event = box.event(event_id)
        assert event is not None
        if event.recurrence is None:
            found[event_id] = (event.start, event.end, event.change)
    return found


class Followers(RuleBasedStateMachine):
    """Somebody lives in a mailbox; clients that began at different times follow, some after long pauses."""

    def __init__(self) -> None:
        super().__init__()
        self.tenant: Tenant = build_tenant(build_organization(1, 1, DAY0))
        (ann,) = [a for a in self.tenant.accounts.values() if a.given == "Ann"]
        self.box = self.tenant.mailbox(ann.id)
        self.now = MONDAY
        self.clients: list[tuple[State, DeltaRound]] = []
        self.subjects = 0

    @initialize()
    def follow(self) -> None:
        told = next_round(self.box, *WINDOW, None)
        self.clients.append((merged(self.box, {}, told), told))

    @rule(day=st.integers(0, 20), hour=st.integers(0, 20))
    def make(self, day: int, hour: int) -> None:
        start = MONDAY + timedelta(days=day, hours=hour)
        self.subjects += 1
        wanted = {"subject": f"own {self.subjects}", "start": start.isoformat()}
        end = (start + timedelta(hours=1)).isoformat()
        put_appointment(self.tenant, Body({**wanted, "mailbox": self.box.mail, "end": end}), self.now)

    @rule(data=st.data(), days=st.integers(-15, 15))
    def drag(self, data: st.DataObject, days: int) -> None:
        event = data.draw(st.sampled_from(sorted(self.box.contents.events.values(), key=lambda e: e.id)))
        wanted = {"person": self.box.mail, "act": "drag", "event": event.id}
        start, end = event.start + timedelta(days=days), event.end + timedelta(days=days)
        if event.recurrence is None and event.series is None and not event.all_day:
            act(self.tenant, Body({**wanted, "start": start.isoformat(), "end": end.isoformat()}), self.now)

    @precondition(lambda self: self.box.contents.events)
    @rule(data=st.data())
    def delete_one_seen(self, data: st.DataObject) -> None:
        view = self.box.events_between(*WINDOW)
        if view:
            event = data.draw(st.sampled_from(sorted(view, key=lambda e: e.id)))
            act(self.tenant, Body({"person": self.box.mail, "act": "delete", "event": event.id}), self.now)

    @rule(data=st.data())
    def come_back(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.clients) - 1))
        state, before = self.clients[number]
        told = next_round(self.box, *WINDOW, before)
        after = merged(self.box, state, told)
        assert after == seen(self.box)
        assert not set(told.changed) & set(told.removed)
        self.clients.append((after, told))

    def teardown(self) -> None:
        for state, before in self.clients:
            assert merged(self.box, state, next_round(self.box, *WINDOW, before)) == seen(self.box)


TestFollowers = Followers.TestCase
TestFollowers.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)


def test_a_series_is_followed_with_its_exceptions_and_holes() -> None:
    tenant = build_tenant(build_organization(1, 4, DAY0))
    boxes = [tenant.mailbox(a.id) for a in tenant.accounts.values()]
    (box, master) = next((b, e) for b in boxes for e in b.contents.events.values() if e.recurrence is not None)
    first = next_round(box, *WINDOW, None)
    state = merged(box, {}, first)
    assert state == seen(box)
    assert master.id in first.changed
    occurrences = [e for e in box.events_between(*WINDOW) if e.series == master.id]
    assert occurrences
    act(tenant, Body({"person": box.mail, "act": "delete", "event": occurrences[0].id}), MONDAY)
    second = next_round(box, *WINDOW, first)
    assert occurrences[0].id in second.removed
    state = merged(box, state, second)
    assert state == seen(box)
    if len(occurrences) > 1:
        later = occurrences[1].start + timedelta(minutes=30)
        wanted = {"start": later.isoformat(), "end": (later + timedelta(minutes=30)).isoformat()}
        act(tenant, Body({"person": box.mail, "act": "drag", "event": occurrences[1].id, **wanted}), MONDAY)
        third = next_round(box, *WINDOW, second)
        assert merged(box, state, third) == seen(box)


async def test_pages_of_the_asked_size_end_with_a_delta_link(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, otto: str
) -> None:
    window = {"startDateTime": "2030-02-04T00:00:00Z", "endDateTime": "2030-02-18T00:00:00Z"}
    ids, url, sizes = [], f"/users/{otto}/calendarView/delta", []
    headers = {"Prefer": 'odata.maxpagesize=7, outlook.timezone="Asia/Singapore"'}
    page = (await graph.get(url, params=window, headers=headers)).json()
    while True:
        sizes.append(len(page["value"]))
        ids += [e["id"] for e in page["value"] if e.get("type") != "seriesMaster"]
        assert all(e["start"]["timeZone"] == "Asia/Singapore" for e in page["value"])
        if "@odata.nextLink" not in page:
            break
        assert "@odata.deltaLink" not in page
        page = (await graph.get(page["@odata.nextLink"], headers=headers)).json()
    assert set(sizes[:-1]) == {7}
    view = (await graph.get(f"/users/{otto}/calendarView", params={**window, "$top": "500"})).json()["value"]
    assert sorted(ids) == sorted(e["id"] for e in view)
    link = page["@odata.deltaLink"]
    quiet = (await graph.get(link)).json()
    assert (quiet["value"], quiet["@odata.deltaLink"]) == ([], link)
    put = {"mailbox": otto, "subject": "New", "start": "2030-02-05T06:00:00Z", "end": "2030-02-05T06:30:00Z"}
    made = (await control.post("/events", json=put)).json()["id"]
    outside = {**put, "start": "2030-04-05T06:00:00Z", "end": "2030-04-05T06:30:00Z"}
    far = (await control.post("/events", json=outside)).json()["id"]
    news = (await graph.get(link, headers=LASTING)).json()
    assert [e["id"] for e in news["value"] if "@removed" not in e] == [made]
    assert [e for e in news["value"] if "@removed" in e] == [{"id": far, "@removed": {"reason": "deleted"}}]
    assert (await graph.get(link, headers=LASTING)).json()["value"] == news["value"], "an old link can be used again"
    for event in (made, far):  # the tenant is shared, and these weeks are compared with the seed elsewhere
        assert (await graph.delete(f"/users/{otto}/events/{event}")).status_code == 204


async def test_a_forgotten_token_is_410_and_a_strange_option_400(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, ann: str
) -> None:
    window = "startDateTime=2030-02-04T00:00:00Z&endDateTime=2030-02-06T00:00:00Z"
    url = f"/users/{ann}/calendarView/delta()"
    link = (await graph.get(f"{url}?{window}", headers={"Prefer": "odata.maxpagesize=999"})).json()["@odata.deltaLink"]
    await control.post("/expire_delta", json={"mailbox": ann})
    gone = await graph.get(link)
    assert (gone.status_code, gone.json()["error"]["code"]) == (410, "syncStateNotFound")
    assert re.search(r"/calendarView/delta", gone.headers["location"])
    for option in ("$select=subject", "$filter=subject eq 'x'", "$orderby=subject", "$top=5", "$expand=attachments"):
        refused = await graph.get(f"{url}?{window}&{option}")
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ErrorInvalidUrlQuery")
    assert (await graph.get(url)).status_code == 400
    assert (await graph.get(f"{url}?$skiptoken=nonsense")).status_code == 410
    assert (await graph.get(f"{url}?{window}", headers={"Prefer": "odata.maxpagesize=0"})).status_code == 400


@pytest.mark.parametrize("token", ["", ".", "1-x.99999999999", "١.١"])
async def test_a_token_that_is_none_is_never_an_error_of_ours(graph: httpx.AsyncClient, ann: str, token: str) -> None:
    answer = await graph.get(f"/users/{ann}/calendarView/delta", params={"$skiptoken": token})
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "syncStateNotFound")

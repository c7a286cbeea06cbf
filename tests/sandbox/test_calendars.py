"""Events over Graph, one calendar alone: what is refused, what is shown, what is deleted for good."""

from typing import Any

import httpx
import pytest


def appointment(subject: str, **more: Any) -> dict[str, Any]:
    hours = {"start": "09", "end": "10"}
    moments = {name: {"dateTime": f"2030-06-12T{hour}:00:00", "timeZone": "UTC"} for name, hour in hours.items()}
    return {"subject": subject, **moments, **more}


async def subjects(control: httpx.AsyncClient, mail: str) -> list[str]:
    state = (await control.get("/state", params={"mailbox": mail})).json()["mailboxes"][mail]
    return [event["subject"] for event in state["calendar"]]


@pytest.mark.parametrize(
    ("query", "prefer", "code"),
    [
        ("", 'outlook.timezone="Nowhere"', "TimeZoneNotSupportedException"),
        ("?$select=nothing", "", "RequestBroker--ParseUri"),
    ],
)
async def test_an_answer_that_cannot_be_given_does_nothing(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, service: str, ann: str, query: str, prefer: str, code: str
) -> None:
    headers, path = {"Prefer": prefer}, f"/users/{service}/events"
    invited = appointment("Unanswerable", attendees=[{"emailAddress": {"address": ann}}])
    refused = await graph.post(path + query, json=invited, headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, code)
    assert "Unanswerable" not in [*await subjects(control, service), *await subjects(control, ann)]
    made = (await graph.post(path, json=appointment("As it was"))).json()
    changed = await graph.patch(f"{path}/{made['id']}{query}", json={"subject": "Changed"}, headers=headers)
    assert (changed.status_code, changed.json()["error"]["code"]) == (400, code)
    assert (await graph.get(f"{path}/{made['id']}")).json()["subject"] == "As it was"
    assert (await graph.delete(f"{path}/{made['id']}")).status_code == 204


@pytest.mark.parametrize("option", ["$filter=colour eq 'red'", "$orderby=colour", "$filter=colour/any(c: c eq 'red')"])
async def test_what_events_do_not_have_cannot_be_asked_for(graph: httpx.AsyncClient, ann: str, option: str) -> None:
    for where in ("events", "calendarView?startDateTime=2030-01-01T00:00:00Z&endDateTime=2030-01-02T00:00:00Z"):
        refused = await graph.get(f"/users/{ann}/{where}{'&' if '?' in where else '?'}{option}")
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "RequestBroker--ParseUri")


@pytest.mark.parametrize("what", ["events", "messages"])
async def test_one_thing_is_no_collection(graph: httpx.AsyncClient, ann: str, service: str, what: str) -> None:
    letter = {"message": {"subject": "x", "toRecipients": [{"emailAddress": {"address": ann}}]}}
    assert (await graph.post(f"/users/{service}/sendMail", json=letter)).status_code == 202
    refused = await graph.get(f"/users/{ann}/{what}", params={"$filter": "subject/any(s: s/id eq 'x')"})
    assert refused.status_code == 400, refused.text


async def test_events_are_found_by_category_and_attendee(graph: httpx.AsyncClient, service: str, otto: str) -> None:
    more = {"categories": ["Red"], "attendees": [{"emailAddress": {"address": otto}}], "locations": []}
    made = (await graph.post(f"/users/{service}/events", json=appointment("Found", **more))).json()
    for condition in (
        "categories/any(c: c eq 'Red')",
        f"attendees/any(a: a/emailAddress/address eq '{otto}') and subject eq 'Found'",
        f"organizer/emailAddress/address eq '{service}' and subject eq 'Found'",
    ):
        found = (await graph.get(f"/users/{service}/events", params={"$filter": condition})).json()["value"]
        assert [event["id"] for event in found] == [made["id"]], condition
    assert (await graph.delete(f"/users/{service}/events/{made['id']}")).status_code == 204


async def test_nothing_in_an_event_runs_where_it_is_read(graph: httpx.AsyncClient, service: str) -> None:
    body = {"contentType": "html", "content": "<p onclick='x()'>Agenda</p><script>x()</script>"}
    made = (await graph.post(f"/users/{service}/events", json=appointment("Safe", body=body))).json()
    assert "<p>Agenda</p>" in made["body"]["content"]
    assert "<html>" in made["body"]["content"]
    assert "x()" not in made["body"]["content"]
    path = f"/users/{service}/events/{made['id']}"
    whole = (await graph.get(path, headers={"Prefer": "outlook.allow-unsafe-html"})).json()
    assert "<script>x()</script>" in whole["body"]["content"]
    plain = (await graph.get(path, headers={"Prefer": 'outlook.body-content-type="text"'})).json()
    assert plain["body"] == {"contentType": "text", "content": "Agenda"}
    assert (await graph.delete(path)).status_code == 204


async def test_what_is_deleted_for_good_is_off_for_everybody(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, service: str, ann: str
) -> None:
    invited = appointment("For good", attendees=[{"emailAddress": {"address": ann}}])
    made = (await graph.post(f"/users/{service}/events", json=invited)).json()
    window = {"startDateTime": "2030-06-12T00:00:00Z", "endDateTime": "2030-06-13T00:00:00Z", "$top": "50"}
    seen = (await graph.get(f"/users/{ann}/calendarView", params=window)).json()["value"]
    (copy,) = [event for event in seen if event["iCalUId"] == made["iCalUId"]]
    assert (await graph.post(f"/users/{ann}/events/{copy['id']}/permanentDelete")).status_code == 204
    state = (await control.get("/state", params={"mailbox": ann})).json()["mailboxes"][ann]
    assert "For good" not in [event["subject"] for event in (*state["calendar"], *state["deletedEvents"])]
    assert (await graph.get(f"/users/{service}/events/{made['id']}")).status_code == 200
    assert (await graph.post(f"/users/{service}/events/{made['id']}/permanentDelete")).status_code == 204
    again = await graph.post(f"/users/{service}/events/{made['id']}/permanentDelete")
    assert (again.status_code, again.json()["error"]["code"]) == (404, "ErrorItemNotFound")


async def test_the_place_may_be_the_first_of_several(graph: httpx.AsyncClient, service: str) -> None:
    places = [{"displayName": "Room 1"}, {"displayName": "Room 2"}]
    made = (await graph.post(f"/users/{service}/events", json=appointment("There", locations=places))).json()
    assert (made["location"]["displayName"], made["locations"][0]["displayName"]) == ("Room 1", "Room 1")
    assert (await graph.delete(f"/users/{service}/events/{made['id']}")).status_code == 204


@pytest.mark.parametrize("minutes", [2**31, -(2**31) - 1, 10**30, 1.5, "many", True])
async def test_a_number_is_one_of_32_bits(graph: httpx.AsyncClient, service: str, minutes: Any) -> None:
    wrong = appointment("Wrong", reminderMinutesBeforeStart=minutes)
    assert (await graph.post(f"/users/{service}/events", json=wrong)).status_code == 400

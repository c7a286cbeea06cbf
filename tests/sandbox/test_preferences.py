"""The Prefer header, and the ids that hang on it."""

from typing import Any

import httpx
import pytest

from sandbox.preferences import applied, preference, prefers

LASTING = {"Prefer": 'IdType="ImmutableId"'}


def meeting(*mails: str, **more: Any) -> dict[str, Any]:
    hours = {"start": "09", "end": "10"}
    moments = {name: {"dateTime": f"2030-06-11T{hour}:00:00", "timeZone": "UTC"} for name, hour in hours.items()}
    attendees = [{"emailAddress": {"address": mail}} for mail in mails]
    return {"subject": "Preferred", **moments, "attendees": attendees, **more}


@pytest.mark.parametrize(
    ("header", "zone", "size"),
    [
        ('outlook.timezone="W. Europe Standard Time"', "W. Europe Standard Time", ""),
        ("odata.maxpagesize=7,outlook.timezone=Europe/Berlin", "Europe/Berlin", "7"),
        ('IdType="ImmutableId", OUTLOOK.TIMEZONE = "UTC" ; odata.maxpagesize = "5"', "UTC", "5"),
        ('outlook.timezone="A, B", odata.maxpagesize=2', "A, B", "2"),
        ("respond-async", "", ""),
        ("", "", ""),
        (',,="",;', "", ""),
    ],
)
def test_several_preferences_stand_in_one_header(header: str, zone: str, size: str) -> None:
    headers = {"prefer": header}
    assert (preference(headers, "outlook.timezone"), preference(headers, "odata.maxpagesize")) == (zone, size)


def test_only_what_is_followed_is_confirmed() -> None:
    headers = {"prefer": 'respond-async, IdType="ImmutableId", odata.maxpagesize=5, outlook.allow-unsafe-html'}
    assert applied(headers) == 'IdType="ImmutableId", outlook.allow-unsafe-html'
    assert prefers(headers, "outlook.allow-unsafe-html")
    for nothing in ("", 'outlook.timezone=""', 'outlook.timezone="', "IdType=Other", "outlook.body-content-type=pdf"):
        assert applied({"prefer": nothing}) == ""


async def test_an_answer_says_which_preferences_it_follows(graph: httpx.AsyncClient, ann: str) -> None:
    lines = [("Prefer", 'outlook.timezone="Asia/Singapore"'), ("Prefer", 'outlook.body-content-type="text"')]
    answer = await graph.get(f"/users/{ann}/events", params={"$top": "1"}, headers=lines)
    assert answer.headers["preference-applied"] == ", ".join(text for _, text in lines)
    assert answer.json()["value"][0]["start"]["timeZone"] == "Asia/Singapore"
    assert "preference-applied" not in (await graph.get(f"/users/{ann}/events")).headers
    assert "preference-applied" not in (await graph.get(f"/users/{ann}", headers=LASTING)).headers
    refused = await graph.get(f"/users/{ann}/events", headers={"Prefer": 'outlook.timezone="Nowhere"'})
    assert (refused.status_code, "preference-applied" in refused.headers) == (400, False)


async def test_an_event_has_two_ids_and_both_lead_to_it(
    graph: httpx.AsyncClient, service: str, ann: str, control: httpx.AsyncClient
) -> None:
    lasting = (await graph.post(f"/users/{service}/events", json=meeting(ann), headers=LASTING)).json()
    path = f"/users/{service}/events"
    found = (await graph.get(f"{path}/{lasting['id']}")).json()
    assert found["id"] != lasting["id"]
    assert (await graph.get(f"{path}/{found['id']}", headers=LASTING)).json()["id"] == lasting["id"]
    assert (found["@odata.etag"], found["iCalUId"]) == (lasting["@odata.etag"], lasting["iCalUId"])
    said = await control.post("/act", json={"person": ann, "act": "accept", "event": found["id"]})
    assert said.status_code == 200, said.text
    wrong = await graph.get(f"{path}/{found['id'].replace('AAMkAGC', 'AAMkAGI')}")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (404, "ErrorItemNotFound")
    assert (await graph.delete(f"{path}/{found['id']}")).status_code == 204
    assert (await graph.get(f"{path}/{lasting['id']}")).status_code == 404


async def test_occurrences_name_their_master_by_the_same_kind_of_id(graph: httpx.AsyncClient, service: str) -> None:
    pattern = {"type": "daily", "interval": 1}
    span = {"type": "numbered", "startDate": "2030-06-11", "numberOfOccurrences": 3}
    made = (
        await graph.post(f"/users/{service}/events", json=meeting(recurrence={"pattern": pattern, "range": span}))
    ).json()
    window = {"startDateTime": "2030-06-11T00:00:00Z", "endDateTime": "2030-06-15T00:00:00Z"}
    for headers in ({}, LASTING):
        master = (await graph.get(f"/users/{service}/events/{made['id']}", headers=headers)).json()["id"]
        path = f"/users/{service}/events/{master}/instances"
        found = (await graph.get(path, params=window, headers=headers)).json()["value"]
        assert [each["seriesMasterId"] for each in found] == [master] * 3
        again = await graph.get(f"/users/{service}/events/{found[1]['id']}", headers=headers)
        assert again.json()["id"] == found[1]["id"]
    assert (await graph.delete(f"/users/{service}/events/{made['id']}")).status_code == 204

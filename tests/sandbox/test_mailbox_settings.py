"""Mailbox settings: what a PATCH changes, what it refuses, and what getSchedule makes of it."""

from typing import Any

import httpx
import pytest

from sandbox.organization import build_organization
from sandbox.server import Options
from sandbox.tenant import build_tenant


@pytest.fixture
def path(sandbox: Any) -> str:
    """Somebody whose settings nobody else looks at."""
    return f"/users/{sandbox.about['people'][-3]['userPrincipalName']}/mailboxSettings"


@pytest.fixture
async def before(graph: httpx.AsyncClient, path: str) -> Any:
    """The settings as they are, which they are again afterwards."""
    found = (await graph.get(path)).json()
    yield found
    kept = ("automaticRepliesSetting", "dateFormat", "language", "timeFormat", "timeZone", "workingHours")
    changed = {name: found[name] for name in kept if name != "automaticRepliesSetting"}
    answer = await graph.patch(path, json={**changed, "automaticRepliesSetting": {"status": "disabled"}})
    assert answer.status_code == 200, answer.text


async def test_automatic_replies_are_set_for_a_coming_range(
    graph: httpx.AsyncClient, path: str, before: dict[str, Any]
) -> None:
    # As in Microsoft's example, whose status begins with a capital.
    wanted = {
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#Me/mailboxSettings",
        "automaticRepliesSetting": {
            "status": "Scheduled",
            "scheduledStartDateTime": {"dateTime": "2031-03-20T18:00:00.0000000", "timeZone": "UTC"},
            "scheduledEndDateTime": {"dateTime": "2031-03-28T18:00:00.0000000", "timeZone": "Europe/Berlin"},
            "internalReplyMessage": "Away",
            "externalAudience": "contactsOnly",
        },
    }
    answer = await graph.patch(path, json=wanted)
    assert answer.status_code == 200
    assert {name for name in answer.json() if "@" not in name} == {"automaticRepliesSetting"}
    assert answer.json()["automaticRepliesSetting"] == {
        "status": "scheduled",
        "externalAudience": "contactsOnly",
        "internalReplyMessage": "Away",
        "externalReplyMessage": "",
        "scheduledStartDateTime": {"dateTime": "2031-03-20T18:00:00.0000000", "timeZone": "UTC"},
        "scheduledEndDateTime": {"dateTime": "2031-03-28T17:00:00.0000000", "timeZone": "UTC"},
    }
    after = (await graph.get(path)).json()
    assert after["automaticRepliesSetting"] == answer.json()["automaticRepliesSetting"]
    assert after["workingHours"] == before["workingHours"]
    await graph.patch(path, json={"automaticRepliesSetting": {"status": "alwaysEnabled"}})
    replies = (await graph.get(path, params={"$select": "automaticRepliesSetting"})).json()["automaticRepliesSetting"]
    assert (replies["status"], replies["internalReplyMessage"]) == ("alwaysEnabled", "Away")


async def test_zone_and_hours_are_changed_apart(
    graph: httpx.AsyncClient, path: str, before: dict[str, Any], service: str
) -> None:
    await graph.patch(path, json={"timeZone": "Tokyo Standard Time"})
    hours = {"daysOfWeek": ["Tuesday", "monday"], "startTime": "10:30:00", "timeZone": {"name": "Europe/Berlin"}}
    answer = (await graph.patch(path, json={"workingHours": hours})).json()
    assert answer["workingHours"] == {
        "daysOfWeek": ["monday", "tuesday"],
        "startTime": "10:30:00.0000000",
        "endTime": before["workingHours"]["endTime"],
        "timeZone": {"name": "Europe/Berlin"},
    }
    assert (await graph.get(path)).json()["timeZone"] == "Tokyo Standard Time"
    asked = {
        "schedules": [path.split("/")[2]],
        "startTime": {"dateTime": "2030-03-04T00:00:00", "timeZone": "UTC"},
        "endTime": {"dateTime": "2030-03-05T00:00:00", "timeZone": "UTC"},
    }
    schedule = (await graph.post(f"/users/{service}/calendar/getSchedule", json=asked)).json()["value"][0]
    assert schedule["workingHours"] == answer["workingHours"]


async def test_formats_and_language_are_kept(graph: httpx.AsyncClient, path: str, before: dict[str, Any]) -> None:
    wanted = {"dateFormat": "yyyy-MM-dd", "timeFormat": "h:mm tt", "language": {"locale": "de-DE"}}
    assert (await graph.patch(path, json=wanted)).status_code == 200
    after = (await graph.get(path)).json()
    assert (after["dateFormat"], after["timeFormat"]) == ("yyyy-MM-dd", "h:mm tt")
    assert after["language"]["locale"] == "de-DE"
    assert after["timeZone"] == before["timeZone"]


async def test_somebody_chooses_another_language_in_outlook(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, path: str
) -> None:
    act = {"person": path.split("/")[2], "act": "change_language"}
    assert (await control.post("/act", json=act | {"language": "de-AT"})).status_code == 200
    assert (await graph.get(path)).json()["language"]["locale"] == "de-AT"
    assert (await control.post("/act", json=act | {"language": "!"})).status_code == 400
    assert (await graph.get(path)).json()["language"]["locale"] == "de-AT"


def hours(**changed: Any) -> dict[str, Any]:
    return {"workingHours": changed}


def replies(start: str, end: str) -> dict[str, Any]:
    span = {"scheduledStartDateTime": {"dateTime": start}, "scheduledEndDateTime": {"dateTime": end}}
    return {"automaticRepliesSetting": {"status": "scheduled", **span}}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (hours(startTime="08"), "RequestBodyRead"),
        (hours(startTime="24:00:00"), "RequestBodyRead"),
        (hours(startTime="18:00:00", endTime="09:00:00"), "ErrorInvalidTimeSettings"),
        (hours(daysOfWeek=["RandomDay"]), "InvalidArguments"),
        (hours(timeZone={"name": "Mars/Olympus"}), "InvalidTimeZone"),
        (hours(timeZone={"name": "Customized Time Zone", "bias": -300, "standardOffset": {}}), "InvalidTimeZone"),
        ({"timeZone": "Mars/Olympus"}, "InvalidTimeZone"),
        ({"timeZone": 5}, "RequestBodyRead"),
        ({"language": {"locale": "!"}}, "InvalidArguments"),
        ({"delegateMeetingMessageDeliveryOptions": "nobody"}, "RequestBodyRead"),
        ({"automaticRepliesSetting": {"status": "sometimes"}}, "RequestBodyRead"),
        (replies("2030-01-01T00:00:00", "2030-01-02T00:00:00"), "ErrorInvalidUserOofSettings"),
        (replies("2031-01-02T00:00:00", "2031-01-01T00:00:00"), "ErrorInvalidUserOofSettings"),
        (replies("2031-01-01T00:00:00", "9999-12-31T23:59:59"), "ErrorInvalidParameter"),
        ({"userPurpose": "room"}, "ErrorInvalidPropertySet"),
        ({"colour": "green"}, "RequestBodyRead"),
    ],
)
async def test_a_refused_change_leaves_every_setting_as_it_was(
    body: dict[str, Any], code: str, graph: httpx.AsyncClient, path: str
) -> None:
    before = (await graph.get(path, params={"$select": "timeZone,workingHours,timeFormat,language"})).json()
    answer = await graph.patch(path, json={"timeFormat": "tt", **body})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    after = await graph.get(path, params={"$select": "timeZone,workingHours,timeFormat,language"})
    assert after.json() == before


@pytest.mark.parametrize("kind", [{}, {"Content-Type": "text/plain"}, {"Content-Type": "application/xml"}])
async def test_a_body_must_say_that_it_is_json(kind: dict[str, str], graph: httpx.AsyncClient, path: str) -> None:
    answer = await graph.patch(path, content=b'{"timeFormat": "tt"}', headers=kind)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")
    assert (await graph.get(path)).json()["timeFormat"] != "tt"


async def test_settings_are_not_written_with_the_permission_to_read(
    sandbox: Any, control: httpx.AsyncClient, plain: httpx.AsyncClient, path: str
) -> None:
    register = {"act": "register_app", "name": "settings-reader", "roles": ["MailboxSettings.Read"]}
    app = (await control.post("/act", json=register)).json()
    headers = {"Authorization": f"Bearer {sandbox.bearer(app)}"}
    assert (await plain.get(f"/v1.0{path}", headers=headers)).status_code == 200
    answer = await plain.patch(f"/v1.0{path}", json={"timeFormat": "tt"}, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "ErrorAccessDenied")


def test_a_large_organization_holds_mailboxes_without_a_zones_name_and_a_small_one_none() -> None:
    odd = ("", "tzone://Microsoft/Custom", "Customized Time Zone")
    day0 = Options().day0
    large, small = (build_organization(1, size, day0) for size in (60, Options().people))
    assert [p.mailbox_zone for p in large.people if p.mailbox_zone in odd] == list(odd)
    assert not [p for p in small.people if p.mailbox_zone in odd]
    tenant = build_tenant(large)
    for person in large.people:
        contents = tenant.mailbox(person.id).contents
        if person.mailbox_zone in odd[1:]:
            assert str(contents.home) == person.zone

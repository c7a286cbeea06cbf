"""People and their mailboxes: what Entra and Exchange say, in our words, odd values included."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from integrations.graph.client import Graph
from integrations.graph.directory import ALWAYS, Directory, DirectoryUser
from integrations.graph.errors import NoMailbox

ANN = {
    "id": "oid-ann",
    "mail": "ann@meadow.example",
    "userPrincipalName": "ann@meadow.onmicrosoft.example",
    "displayName": "Ann",
    "country": "Germany",
    "usageLocation": "de",
    "employeeHireDate": "2029-12-20T00:00:00Z",
    "accountEnabled": True,
    "manager": {"@odata.type": "#microsoft.graph.user", "id": "oid-mara"},
}

SETTINGS = {
    "timeZone": "W. Europe Standard Time",
    "language": {"locale": "de-DE"},
    "automaticRepliesSetting": {"status": "disabled"},
    "workingHours": {
        "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday"],
        "startTime": "08:30:00.0000000",
        "endTime": "16:30:00.0000000",
        "timeZone": {"name": "W. Europe Standard Time"},
    },
}


async def test_a_person_comes_with_country_code_hiring_date_and_manager(stub: Any, graph: Graph) -> None:
    stub.answers(200, ANN)
    assert await Directory(graph).user("oid-ann") == DirectoryUser(
        "oid-ann", "ann@meadow.example", "Ann", "DE", date(2029, 12, 20), True, "oid-mara"
    )


async def test_somebody_with_little_on_record_is_still_somebody(stub: Any, graph: Graph) -> None:
    stub.answers(200, {"id": "oid-otto", "userPrincipalName": "otto@meadow.example", "accountEnabled": False})
    assert await Directory(graph).user("oid-otto") == DirectoryUser(
        "oid-otto", "otto@meadow.example", "", None, None, False, None
    )


async def test_nobody_is_none(stub: Any, graph: Graph) -> None:
    stub.refuses(404, "Request_ResourceNotFound")
    assert await Directory(graph).user("oid-nobody") is None
    assert len(stub.asked) == 1


async def test_a_mail_address_that_is_no_sign_in_name_is_looked_up_as_one(stub: Any, graph: Graph) -> None:
    stub.refuses(404, "Request_ResourceNotFound")
    stub.answers(200, {"value": [ANN]})
    found = await Directory(graph).user("ann.o'hara@meadow.example")
    assert found is not None
    assert found.oid == "oid-ann"
    assert stub.asked[1].query["$filter"] == "mail eq 'ann.o''hara@meadow.example'"


async def test_working_hours_come_with_an_iana_zone_and_weekdays_from_monday(stub: Any, graph: Graph) -> None:
    stub.answers(200, SETTINGS)
    facts = await Directory(graph).mailbox("oid-ann")
    assert facts.zone == "Europe/Berlin"
    assert facts.weekdays == frozenset({0, 1, 2, 3})
    assert (facts.opens, facts.closes) == (time(8, 30), time(16, 30))
    assert facts.away == ()
    assert facts.language == "de-DE"


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("America/New_York", "America/New_York"),
        ("Singapore Standard Time", "Asia/Singapore"),
        ("tzone://Microsoft/Custom", None),
        ("Customized Time Zone", None),
        ("", None),
        (None, None),
    ],
)
async def test_odd_zones_are_none_rather_than_wrong(stub: Any, graph: Graph, name: str | None, zone: str) -> None:
    stub.answers(200, SETTINGS | {"timeZone": name, "workingHours": None})
    facts = await Directory(graph).mailbox("oid-ann")
    assert facts.zone == zone
    assert (facts.weekdays, facts.opens, facts.closes) == (None, None, None)


async def test_without_a_zone_of_its_own_a_mailbox_lives_in_that_of_its_working_hours(stub: Any, graph: Graph) -> None:
    stub.answers(200, SETTINGS | {"timeZone": ""})
    assert (await Directory(graph).mailbox("oid-ann")).zone == "Europe/Berlin"


async def test_scheduled_automatic_replies_are_an_absence_in_utc(stub: Any, graph: Graph) -> None:
    replies = {
        "status": "scheduled",
        "scheduledStartDateTime": {"dateTime": "2030-03-11T00:00:00.0000000", "timeZone": "Europe/Berlin"},
        "scheduledEndDateTime": {"dateTime": "2030-03-27T00:00:00.0000000", "timeZone": "UTC"},
        "internalReplyMessage": "the canary sings",
    }
    stub.answers(200, SETTINGS | {"automaticRepliesSetting": replies})
    facts = await Directory(graph).mailbox("oid-ann")
    assert facts.away == ((datetime(2030, 3, 10, 23, tzinfo=UTC), datetime(2030, 3, 27, tzinfo=UTC)),)
    assert "canary" not in repr(facts)


async def test_automatic_replies_without_dates_are_always(stub: Any, graph: Graph) -> None:
    stub.answers(200, SETTINGS | {"automaticRepliesSetting": {"status": "alwaysEnabled"}})
    assert (await Directory(graph).mailbox("oid-ann")).away == (ALWAYS,)


async def test_a_person_without_mailbox_is_named_as_such(stub: Any, graph: Graph) -> None:
    stub.refuses(404, "MailboxNotEnabledForRESTAPI")
    with pytest.raises(NoMailbox, match="check the address and the Exchange licence"):
        await Directory(graph).mailbox("oid-ann")

"""Time for an action as a calendar file: what is in it, who gets it, and what is said where it cannot be had."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from icalendar import Calendar, Event

from integrations.database.actions import make_action
from integrations.database.tables import ActionEvent, ActionRow, Person

CHOSEN = {"day": "2030-03-12", "hour": "14:00", "minutes": "90"}
TITLE = "Grüße, Pläne; und \\ mehr:\nzweite Zeile\r\nATTENDEE:mailto:x@example.org\u2028ende" + " ärgerlich lang" * 8


async def make(world: Any, owner: str = "ann", **others: Any) -> str:
    facts: dict[str, Any] = {
        "check_in_id": world.check_in_id,
        "plan_person_id": world.id_of("ann"),
        "owner_id": world.id_of(owner),
        "made_by_id": world.id_of(owner),
        "title": "Present it once",
        "success": None,
        "modality": "stretch",
        "due_on": date(2030, 3, 25),
        "private": False,
        "form_token": None,
        "now": world.clock.at,
    }
    async with world.database.transaction() as session:
        return await make_action(session, **{**facts, **others})


async def change(world: Any, table: Any, key: str, **values: Any) -> None:
    async with world.database.transaction() as session:
        row = await session.get_one(table, key)
        for name, value in values.items():
            setattr(row, name, value)


async def asked(world: Any, action_id: str, who: str | None = "ann", **chosen: str) -> httpx.Response:
    browser = await world.browser(who)
    answer = await browser.get(f"/actions/{action_id}/time.ics", params={**CHOSEN, **chosen})
    assert isinstance(answer, httpx.Response)
    return answer


def event_in(answer: httpx.Response) -> Event:
    """The only one of the file."""
    assert answer.status_code == 200, answer.text
    (event,) = Calendar.from_ical(answer.content).subcomponents
    assert isinstance(event, Event)
    return event


async def test_the_file_holds_one_private_block_of_the_time_that_was_chosen(world: Any) -> None:
    action_id = await make(world)
    answer = await asked(world, action_id)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert answer.headers["content-disposition"] == 'attachment; filename="time-for-an-action.ics"'
    assert answer.headers["cache-control"] == "no-store"
    assert Calendar.from_ical(answer.content)["method"] == "PUBLISH"
    event = event_in(answer)
    assert event.decoded("dtstart") == datetime(2030, 3, 12, 13, 0, tzinfo=UTC)
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=90)
    assert event.decoded("dtstamp") == world.clock.at
    assert b"DTSTART:20300312T130000Z\r\n" in answer.content
    assert str(event["summary"]) == "Present it once"
    assert f"http://127.0.0.1:8000/actions/{action_id}" in str(event["description"])
    assert [str(event[name]) for name in ("transp", "class", "x-microsoft-cdo-busystatus")] == [
        "OPAQUE",
        "PRIVATE",
        "BUSY",
    ]


async def test_nobody_is_invited_and_nothing_rings(world: Any) -> None:
    event = event_in(await asked(world, await make(world)))
    assert {"attendee", "organizer", "location", "rrule"}.isdisjoint(map(str.lower, event))
    assert event.subcomponents == []


async def test_the_same_hour_is_the_same_block_however_often_it_is_fetched(world: Any) -> None:
    action_id, other_id = await make(world), await make(world, title="Another")
    first = event_in(await asked(world, action_id))
    world.clock.at += timedelta(hours=1)
    assert event_in(await asked(world, action_id, minutes="30"))["uid"] == first["uid"]
    assert event_in(await asked(world, action_id, hour="15:00"))["uid"] != first["uid"]
    assert event_in(await asked(world, other_id))["uid"] != first["uid"]


async def test_a_title_is_one_text_whatever_stands_in_it(world: Any) -> None:
    action_id = await make(world)
    await change(world, ActionRow, action_id, title=TITLE + "\x07\x0b")
    answer = await asked(world, action_id)
    event = event_in(answer)
    assert str(event["summary"]) == TITLE.replace("\r\n", "\n")
    assert "attendee" not in event
    lines = answer.content.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert not any(byte < 32 and byte not in b"\t\r\n" for byte in answer.content)
    assert b"\n" not in b"".join(lines)


@pytest.mark.parametrize(
    ("zone", "day", "hour", "start"),
    [
        ("Europe/Berlin", "2030-03-31", "03:00", datetime(2030, 3, 31, 1, 0, tzinfo=UTC)),
        ("Europe/Berlin", "2030-10-27", "02:30", datetime(2030, 10, 27, 0, 30, tzinfo=UTC)),
        ("America/New_York", "2030-03-10", "01:30", datetime(2030, 3, 10, 6, 30, tzinfo=UTC)),
        ("America/New_York", "2030-11-03", "01:30", datetime(2030, 11, 3, 5, 30, tzinfo=UTC)),
    ],
)
async def test_hours_are_those_of_the_owners_clock_when_it_changes(
    world: Any, zone: str, day: str, hour: str, start: datetime
) -> None:
    action_id = await make(world)
    await change(world, Person, world.id_of("ann"), zone=zone)
    event = event_in(await asked(world, action_id, day=day, hour=hour))
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (start, start + timedelta(minutes=90))


async def test_only_the_owner_gets_it(world: Any) -> None:
    hers, his = await make(world), await make(world, "mara", title="Ask around")
    nothing = (await asked(world, "none")).text
    for action_id, who in [(hers, "mara"), (hers, "hale"), (hers, "ira"), (hers, "otto"), (his, "ann"), (his, "otto")]:
        answer = await asked(world, action_id, who)
        assert (answer.status_code, "calendar" in answer.headers["content-type"]) == (404, False)
        # Nor does anybody learn what is wrong with an hour for it.
        assert (await asked(world, action_id, who, day="never")).status_code == 404
    assert (await asked(world, his, "ann")).text == nothing
    assert event_in(await asked(world, his, "mara"))["summary"] == "Ask around"
    assert (await asked(world, hers, None)).headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("state", ["done", "dropped"])
async def test_there_is_none_for_what_is_not_open_any_more(world: Any, state: str) -> None:
    action_id = await make(world)
    await change(world, ActionRow, action_id, state=state)
    answer = await asked(world, action_id)
    assert answer.status_code == 422
    assert "This one is not open any more." in answer.text
    browser = await world.browser("ann")
    assert "time.ics" not in (await browser.get(f"/actions/{action_id}?choose=time")).text


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"day": "the week after that"}, "We cannot tell which day this is."),
        ({"day": "3 March 2030"}, "That day has passed."),
        ({"day": "2030-03-31", "hour": "02:30"}, "On Sunday 31 March 2030 the clocks skip 02:30."),
        ({"hour": '"><script>'}, "We cannot tell which hour this is."),
        ({"minutes": "600"}, "Choose one of the lengths on the page."),
    ],
)
async def test_what_does_not_fit_is_said_and_what_was_typed_is_kept(
    world: Any, chosen: dict[str, str], sentence: str
) -> None:
    action_id = await make(world)
    answer = await asked(world, action_id, **{"minutes": "90", **chosen})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'action="/actions/{action_id}/time.ics"' in answer.text
    assert "<script>" not in answer.text.replace('<script src="', "")
    for name in ("day", "hour"):
        typed = {**CHOSEN, **chosen}[name].replace('"><', "&#34;&gt;&lt;").replace("t>", "t&gt;")
        assert f'value="{typed}"' in answer.text
    if "minutes" not in chosen:
        assert '<option value="90" selected>' in answer.text


async def test_the_form_proposes_an_hour_from_the_next_opening_and_changes_nothing(world: Any) -> None:
    action_id = await make(world)
    await change(world, Person, world.id_of("ann"), opens="08:30", closes="16:00", weekdays=[0, 2])
    browser = await world.browser("ann")
    page = await browser.get(f"/actions/{action_id}", params={"choose": "time"})
    assert f'method="get" action="/actions/{action_id}/time.ics"' in page.text
    for there in ('value="Wednesday 6 March 2030"', 'value="08:30"', '<option value="60" selected>'):
        assert there in page.text
    event = event_in(await asked(world, action_id))
    assert event is not None
    async with world.database.reading() as session:
        assert len((await session.scalars(ActionEvent.__table__.select())).all()) == 1, "that it was made, no more"
    others = await world.browser("mara")
    assert "time.ics" not in (await others.get(f"/actions/{action_id}?choose=time")).text
    assert "choose=time" not in (await others.get(f"/actions/{action_id}")).text


async def test_who_reads_german_gets_it_in_german(world: Any) -> None:
    action_id = await make(world)
    await change(world, Person, world.id_of("ann"), language_chosen="de")
    event = event_in(await asked(world, action_id, day="am 19.3.", hour="9.30"))
    assert event.decoded("dtstart") == datetime(2030, 3, 19, 8, 30, tzinfo=UTC)
    assert str(event["description"]).startswith("Diese Zeit gehört dir")
    refused = await asked(world, action_id, day="2030-03-31", hour="02:30")
    assert "Am Sonntag, 31. März 2030 überspringen die Uhren 02:30 Uhr." in refused.text

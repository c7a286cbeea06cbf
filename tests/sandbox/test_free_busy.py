"""getSchedule against the seed file: what a person is busy with, and what is refused."""

from typing import Any

import httpx
import pytest


@pytest.fixture
def ask(graph: httpx.AsyncClient, service: str) -> Any:
    async def post(names: list[str], start: str, end: str, zone: str = "UTC", **more: Any) -> httpx.Response:
        body = {
            "Schedules": names,
            "StartTime": {"dateTime": start, "timeZone": zone},
            "EndTime": {"dateTime": end, "timeZone": zone},
            **more,
        }
        return await graph.post(f"/users/{service}/calendar/getSchedule", json=body)

    return post


async def test_schedules_show_exactly_the_seeded_appointments(ask: Any, control: httpx.AsyncClient) -> None:
    people = (await control.get("/organization")).json()["people"]
    for person in people[:8]:
        answer = (await ask([person["mail"]], "2030-02-04T00:00:00", "2030-03-04T00:00:00")).json()["value"][0]
        items = [
            {
                "start": i["start"]["dateTime"][:19] + "Z",
                "end": i["end"]["dateTime"][:19] + "Z",
                "status": i["status"],
            }
            for i in answer["scheduleItems"]
        ]
        assert items == [b for b in person["busy"] if "2030-02-04" <= b["start"] < "2030-03-04"]
        assert answer["workingHours"]["startTime"] == f"{person['opens']}:00.0000000"
        assert len(answer["workingHours"]["daysOfWeek"]) == len(person["weekdays"])


async def test_the_view_has_a_digit_for_each_interval_and_the_heavier_thing_wins(
    ask: Any, control: httpx.AsyncClient, mara: str
) -> None:
    # A Sunday, when nobody has anything of their own.
    for start, end, status in (
        ("08:00", "10:00", "tentative"),
        ("09:00", "09:30", "oof"),
        ("11:00", "11:10", "busy"),
    ):
        event = {"mailbox": mara, "subject": "Own", "showAs": status}
        times = {"start": f"2030-04-07T{start}:00Z", "end": f"2030-04-07T{end}:00Z"}
        assert (await control.post("/events", json={**event, **times})).status_code == 200
    found = (await ask([mara], "2030-04-07T08:00:00", "2030-04-07T12:00:00", availabilityViewInterval=30)).json()
    assert found["value"][0]["availabilityView"] == "11310020"


async def test_leave_is_out_of_office_from_local_midnight(ask: Any, control: httpx.AsyncClient) -> None:
    people = (await control.get("/organization")).json()["people"]
    away = next(p for p in people if p["leave"])
    found = (await ask([away["mail"]], "2030-03-10T22:00:00", "2030-03-11T12:00:00")).json()["value"][0]
    assert [(i["status"], i["start"]["dateTime"][:16]) for i in found["scheduleItems"]] == [("oof", "2030-03-10T23:00")]


async def test_an_unknown_address_is_an_error_of_its_own_schedule_only(ask: Any, ann: str) -> None:
    answer = await ask(["nobody@meadow.example", ann], "2030-02-11T00:00:00", "2030-02-12T00:00:00")
    unknown, known = answer.json()["value"]
    assert (unknown["error"]["responseCode"], unknown["scheduleItems"]) == ("5016", None)
    assert "error" not in known


@pytest.mark.parametrize(
    ("end", "more", "code"),
    [
        ("2030-04-15T00:00:00", {}, "ErrorTimeIntervalTooBig"),
        ("2030-02-01T00:00:00", {}, "ErrorInvalidTimeInterval"),
        ("2030-02-05T00:00:00", {"availabilityViewInterval": 1}, "ErrorInvalidMergedFreeBusyInterval"),
        ("2030-02-05T00:00:00", {"Schedules": ["x@meadow.example"] * 21}, "ErrorInvalidParameter"),
        ("2030-02-05T00:00:00", {"Schedules": []}, "ErrorInvalidParameter"),
    ],
)
async def test_the_caps_of_the_service_hold(ask: Any, ann: str, end: str, more: dict[str, Any], code: str) -> None:
    answer = await ask([ann], "2030-02-04T00:00:00", end, **more)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


async def test_sixty_two_days_are_allowed(ask: Any, ann: str) -> None:
    assert (await ask([ann], "2030-02-04T00:00:00", "2030-04-07T00:00:00")).status_code == 200

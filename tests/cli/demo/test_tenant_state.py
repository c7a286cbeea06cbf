"""What the sandbox tells of itself is read as it was meant."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import yaml

from cli.demo.tenant_state import merged_policies, read_letters, read_mailed, read_people, read_received, read_talks
from sandbox.organization import build_organization
from sandbox.records import organization_record

SERVICE = "checkins@meadow.example"
KEY, ITEMS = (
    f"String {{00000000-0000-0000-0000-000000000000}} Name {name}" for name in ("PerennialKey", "PerennialItems")
)


def message(**facts: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "from": SERVICE,
        "to": ["Ann@meadow.example"],
        "subject": "Before your check-in",
        "body": "<p>Hello</p>",
        "sent": "2030-03-11T08:30:00Z",
        "received": "2030-03-11T08:30:00Z",
        "meetingMessageType": None,
        "extendedProperties": {},
    }
    return usual | facts


def event(**facts: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "subject": "Check-in: Ann and Mara",
        "start": "2030-03-18T09:00:00Z",
        "end": "2030-03-18T09:45:00Z",
        "timeZone": "Europe/Berlin",
        "attendees": [{"mail": "Ann@meadow.example"}, {"mail": "mara@meadow.example"}],
        "isCancelled": False,
        "created": "2030-02-04T08:00:00Z",
        "extendedProperties": {KEY: "booking/C1/2"},
        "body": "",
    }
    return usual | facts


def mailbox(calendar: list[dict[str, Any]], **folders: list[dict[str, Any]]) -> dict[str, Any]:
    return {"calendar": calendar, "folders": {"inbox": [], "drafts": [], "sentitems": []} | folders}


STATE = {
    "mailboxes": {
        SERVICE: mailbox(
            [event(), event(extendedProperties={})],
            sentitems=[message(extendedProperties={ITEMS: "form/C1 weekly/P/2030-03-11", KEY: "letter/1"})],
        ),
        "ann@meadow.example": mailbox(
            [],
            inbox=[message(), message(meetingMessageType="meetingRequest"), message(**{"from": "mara@meadow.example"})],
        ),
    }
}


def test_the_seed_file_is_read_with_hours_leave_and_what_blocks() -> None:
    record = organization_record(build_organization(1, 12, date(2030, 2, 4)))
    people = read_people(record)
    assert len(people) == len(record["people"])
    ann = next(person for person in people.values() if person.name.startswith("Ann "))
    assert people[str(ann.manager)].name.startswith("Mara ")
    assert ann.zone.key == "Europe/Berlin"
    assert ann.opens < time(10)
    assert date(2030, 4, 19) in ann.days_off
    away = next(person for person in people.values() if person.leave)
    assert not away.works_on(away.leave[0][0])
    statuses = {span["status"] for each in record["people"] for span in each["busy"]}
    assert "tentative" in statuses
    blocking = sum(span["status"] in ("busy", "oof") for each in record["people"] for span in each["busy"])
    assert sum(len(person.busy) for person in people.values()) == blocking


def test_only_events_with_a_booking_key_are_talks() -> None:
    (talk,) = read_talks(STATE, SERVICE)
    assert talk.check_in == "C1"
    assert talk.start == datetime(2030, 3, 18, 9, tzinfo=UTC)
    assert talk.attendees == ("ann@meadow.example", "mara@meadow.example")


def test_a_letter_carries_the_keys_of_all_its_items() -> None:
    (letter,) = read_letters(STATE, [SERVICE])
    assert letter.keys == ("form/C1", "weekly/P/2030-03-11")
    assert letter.to == "ann@meadow.example"


def test_invitations_and_mail_of_colleagues_are_not_letters_received() -> None:
    assert [(mail, subject) for mail, subject, _ in read_received(STATE, [SERVICE])] == [
        ("ann@meadow.example", "Before your check-in")
    ]


def test_letters_of_every_sender_are_read_and_what_senders_write_to_each_other_is_nobodys() -> None:
    second = "checkins-2@meadow.example"
    theirs = mailbox(
        [], inbox=[message()], sentitems=[message(extendedProperties={ITEMS: "form/C2"}, to=["Mara@meadow.example"])]
    )
    mara = mailbox([], inbox=[message(**{"from": second})])
    state = {"mailboxes": STATE["mailboxes"] | {second: theirs, "mara@meadow.example": mara}}
    assert [each.keys[0] for each in read_letters(state, [SERVICE, second])] == ["form/C1", "form/C2"]
    assert [mail for mail, *_ in read_received(state, [SERVICE, second])] == [
        "ann@meadow.example",
        "mara@meadow.example",
    ]


def test_every_item_of_every_mailbox_is_searched() -> None:
    assert len(read_mailed(STATE)) == 6


def test_a_policy_is_laid_over_the_one_it_is_based_on_wherever_that_stands() -> None:
    folder = Path(__file__).parents[3] / "config" / "policies"
    documents = [
        document
        for name in ("monthly.yaml", "quarterly.yaml")
        for document in yaml.safe_load_all((folder / name).read_text(encoding="utf-8"))
    ]
    policies = merged_policies(documents)
    assert policies["Monthly check-ins"]["rhythm"]["weeks_of_period"] == [1, 4]
    assert policies["Monthly check-ins"]["rhythm"]["new_joiner_on_day"] == 60
    assert policies["Monthly check-ins"]["mail"] == policies["Quarterly check-ins"]["mail"]
    assert policies["Quarterly check-ins"]["rhythm"]["weeks_of_period"] == [3, 10]

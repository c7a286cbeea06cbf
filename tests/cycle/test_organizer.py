"""Whose calendar a check-in stands in."""

import pytest

from cycle.organizer import Organizer, invited, organizing_mailbox, written_in

BOTH: tuple[Organizer, ...] = ("service_mailbox", "manager")


def test_the_service_mailbox_organizes_unless_the_policy_names_the_manager() -> None:
    assert [organizing_mailbox(each, "checkins@example.org", "oid-mara") for each in BOTH] == [
        "checkins@example.org",
        "oid-mara",
    ]


def test_the_event_is_written_in_the_zone_of_the_person_whose_calendar_it_is() -> None:
    assert [written_in(each, "America/New_York", "Europe/Berlin") for each in BOTH] == [
        "America/New_York",
        "Europe/Berlin",
    ]


@pytest.mark.parametrize(("organizing", "guests"), [("checkins@example.org", ("ann", "mara")), ("mara", ("ann",))])
def test_whoever_organizes_is_not_invited_and_everybody_else_is(organizing: str, guests: tuple[str, ...]) -> None:
    assert invited(organizing, ("ann", "mara")) == guests

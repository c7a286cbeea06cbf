"""The seeded organization and its calendars: what every seed and size promises."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.appointments import appointments_of, leave_of
from sandbox.organization import Organization, build_organization
from sandbox.public_holidays import PUBLIC_HOLIDAYS
from sandbox.records import organization_record

DAY0 = date(2030, 2, 4)


@pytest.fixture(scope="module")
def twelve() -> Organization:
    return build_organization(1, 12, DAY0)


@given(st.integers(1, 10_000), st.integers(1, 80))
@settings(max_examples=60, deadline=None)
def test_as_many_people_as_asked_for_have_a_manager_and_nobody_shares_a_mail(seed: int, size: int) -> None:
    people = build_organization(seed, size, DAY0).people
    mails = {p.mail for p in people}
    assert sum(p.manager is not None for p in people) == size
    assert len(mails) == len(people)
    assert all(p.manager in mails and p.manager != p.mail for p in people if p.manager)
    assert [p.given for p in people if p.given in ("Ann", "Mara", "Hale", "Ira")].count("Ann") == 1
    otto = [p for p in people if p.given == "Otto"]
    ann = next(p for p in people if p.given == "Ann")
    assert len(otto) == (1 if size >= 3 else 0)
    assert all(p.manager != ann.manager for p in otto)


def test_the_same_seed_gives_the_same_people_and_another_seed_others(twelve: Organization) -> None:
    assert organization_record(build_organization(1, 12, DAY0)) == organization_record(twelve)
    assert organization_record(build_organization(2, 12, DAY0)) != organization_record(twelve)


def test_however_many_senders_there_are_people_stay_the_same_and_the_service_mailbox_comes_first(
    twelve: Organization,
) -> None:
    one, three = (organization_record(build_organization(1, 12, DAY0, senders)) for senders in (1, 3))
    assert one == organization_record(twelve)
    assert one["senders"] == [one["service_mailbox"]]
    assert three["senders"] == [one["service_mailbox"], "checkins-2@meadow.example", "checkins-3@meadow.example"]
    assert {**three, "senders": []} == {**one, "senders": []}
    with pytest.raises(ValueError, match="at least 1 mailbox that sends, not 0"):
        build_organization(1, 12, DAY0, 0)


def test_twelve_have_three_managers_one_of_whom_reports_to_another(twelve: Organization) -> None:
    leads = {p.manager for p in twelve.people if p.manager}
    assert len(leads) == 3
    assert len([p for p in twelve.people if p.mail in leads and p.manager in leads]) == 1
    assert next(p for p in twelve.people if p.given == "Ann").manager == twelve.people[0].mail
    assert twelve.people[0].given == "Mara"
    hale = next(p for p in twelve.people if p.mail == twelve.hr_partner)
    assert (hale.given, hale.manager, hale.roles) == ("Hale", None, ("HR",))
    ira = next(p for p in twelve.people if p.mail == twelve.administrator)
    assert (ira.given, ira.manager, ira.roles) == ("Ira", None, ("Admin",))
    assert [p.roles for p in twelve.people if p.roles] == [("HR",), ("Admin",)]


def test_twelve_have_pairs_across_each_two_of_the_three_zones(twelve: Organization) -> None:
    zones = {p.mail: p.zone for p in twelve.people}
    pairs = Counter(frozenset((p.zone, zones[p.manager])) for p in twelve.people if p.manager)
    assert {pair for pair in pairs if len(pair) == 2} == {
        frozenset({"Europe/Berlin", "America/New_York"}),
        frozenset({"Europe/Berlin", "Asia/Singapore"}),
        frozenset({"America/New_York", "Asia/Singapore"}),
    }


def test_twelve_have_one_leave_one_short_week_one_windows_zone_and_two_joiners(twelve: Organization) -> None:
    away = [p for p in twelve.people if p.leave]
    assert [(p.manager, p.leave) for p in away] == [(twelve.people[0].mail, ((date(2030, 3, 11), date(2030, 3, 26)),))]
    assert away[0].given != "Ann"
    assert [p.weekdays for p in twelve.people].count((0, 1, 2, 3)) == 1
    windows = [(p.zone, p.mailbox_zone) for p in twelve.people if p.mailbox_zone != p.zone]
    assert windows == [("Europe/Berlin", "W. Europe Standard Time")]
    recent = sorted(p.hired for p in twelve.people if p.hired > DAY0 - timedelta(days=365))
    assert recent == [DAY0 - timedelta(days=45), DAY0 - timedelta(days=20)]


def test_meetings_lie_in_working_hours_on_workdays_and_leave_room(twelve: Organization) -> None:
    for person in twelve.people:
        zone = ZoneInfo(person.zone)
        days: dict[date, timedelta] = {}
        last_end = datetime.min.replace(tzinfo=UTC)
        for meeting in appointments_of(person, twelve):
            start, end = meeting.start.astimezone(zone), meeting.end.astimezone(zone)
            assert person.opens <= f"{start:%H:%M}" < f"{end:%H:%M}" <= person.closes
            assert start.weekday() in person.weekdays
            assert start.date() not in PUBLIC_HOLIDAYS[person.country]
            assert not any(first <= start.date() <= last for first, last in person.leave)
            assert meeting.start >= last_end
            last_end = meeting.end
            days[start.date()] = days.get(start.date(), timedelta()) + (end - start)
        assert min(days) <= DAY0 - timedelta(days=4)
        assert max(days) >= DAY0 + timedelta(days=145)
        assert sum(days.values(), timedelta()) / len(days) < timedelta(hours=4)


def test_leave_is_an_all_day_event_from_local_midnight_to_local_midnight(twelve: Organization) -> None:
    away = next(p for p in twelve.people if p.leave)
    (leave,) = leave_of(away)
    assert (leave.status, leave.all_day) == ("oof", True)
    assert leave.start.astimezone(ZoneInfo(away.zone)).isoformat() == "2030-03-11T00:00:00+01:00"
    assert leave.end.astimezone(ZoneInfo(away.zone)).isoformat() == "2030-03-27T00:00:00+01:00"


@pytest.mark.parametrize("country", ["DE", "US", "SG"])
def test_the_written_holidays_are_those_of_the_holidays_package(country: str) -> None:
    # The package says itself that some dates, which follow the moon, are estimates.
    known = holidays.country_holidays(country, years=2030)
    assert list(PUBLIC_HOLIDAYS[country]) == sorted(day for day in known if day.month <= 6)


def test_nobody_at_all_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="at least 1 person"):
        build_organization(1, 0, DAY0)

"""Our people follow the directory: who joins, leaves, comes back, is renamed, or has another manager."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from cycle.check_in import Step
from cycle.sentences import Sentence
from integrations.database.directory_watches import ensure_directory_watch
from integrations.database.leavers import end_enrolment
from integrations.database.needs_a_hand import ask_for_a_hand
from integrations.database.people import name_partner, partner_of
from integrations.database.tables import (
    CheckInRow,
    DirectoryWatchRow,
    Enrolment,
    Handover,
    LetterItem,
    Person,
    Plan,
    PolicyRow,
    Reporting,
)
from integrations.graph.directory import MailboxFacts
from integrations.graph.errors import Garbled, GraphTrouble, NotAllowed, NoToken

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
START = datetime(2030, 5, 14, 12, 0, tzinfo=UTC)
# The tenant is shared with other tests, so only people who joined for one test are ever changed.
numbers = count()


@pytest.fixture
async def watch(home: Any) -> str:
    """The watch, which has read everybody."""
    async with home.database.transaction() as session:
        await ensure_directory_watch(session, MONDAY)
    (row,) = await home.all(DirectoryWatchRow)
    await home.do("follow_directory", row.id)
    home.pokes.made.clear()
    return str(row.id)


def joins(home: Any, given: str, manager: str = "", **others: Any) -> str:
    """Somebody new in the tenant; their address."""
    mail = f"{given.lower()}.{next(numbers)}@meadow.example"
    home.tenant.act(mail, "join", given=given, surname="New", manager=manager, **others)
    return mail


async def a_colleague(home: Any, given: str, manager: str | None = None) -> Person:
    """Somebody who is in the tenant and here, with `manager` (an id) as their manager in both, enrolled if they have
    one."""
    boss = await home.get(Person, manager) if manager else None
    mail = joins(home, given, boss.mail if boss else "")
    user = await home.activities["follow_directory"].__self__._directory.user(mail)
    facts = {"zone": "Europe/Berlin", "opens": "09:00", "closes": "17:00", "weekdays": [0, 1, 2, 3, 4], "away": []}
    said = {"manager_oid": user.manager_oid or "", "directory_name": user.name, "directory_read_at": MONDAY}
    row = Person(id=mail.partition("@")[0], oid=user.oid, mail=mail, name=user.name, country="DE", **facts, **said)
    await home.add(row)
    if boss:
        since = date(2029, 1, 1)
        await home.add(Reporting(person_id=row.id, partner_id=boss.id, source="directory", since=since))
        await home.add(Enrolment(person_id=row.id, policy_id="policy", enrolled_at=MONDAY))
    return row


async def a_team(home: Any, watch: str) -> tuple[Person, Person, Person]:
    """An employee, their manager, and somebody who could be it; the directory has been read since they came."""
    old, new = await a_colleague(home, "Old"), await a_colleague(home, "New")
    employee = await a_colleague(home, "Employee", old.id)
    await home.do("follow_directory", watch)
    home.pokes.made.clear()
    return employee, old, new


async def partner(home: Any, person_id: str) -> str | None:
    async with home.database.reading() as session:
        found: str | None = await partner_of(session, person_id, MONDAY.date())
        return found


async def name(home: Any, person: Person, interim: Person) -> None:
    """HR names somebody else than the manager."""
    async with home.database.transaction() as session:
        row = await session.get_one(Person, person.id)
        await name_partner(session, row, await session.get_one(Person, interim.id), MONDAY)


async def hired(home: Any, mail: str) -> date | None:
    row = await known(home, mail)
    assert row is not None
    return row.hired_on


async def known(home: Any, mail: str) -> Person | None:
    found = await home.all(Person, mail=mail)
    return found[0] if found else None


# Another manager


async def test_another_manager_takes_over_the_same_day(home: Any, watch: str) -> None:
    employee, old, new = await a_team(home, watch)
    check_in_id = await home.a_booked_check_in(START, person=employee.id, partner=old.id, state="due")
    await home.an_item("pre-read/x", "pre_read", old.id, check_in_id=check_in_id, booking_no=1)
    home.tenant.act(employee.mail, "change_manager", manager=new.mail)
    await home.do("follow_directory", watch)
    assert await partner(home, employee.id) == new.id
    assert (await home.get(CheckInRow, check_in_id)).state == "cancelled"
    assert {f"CheckIn/{check_in_id}", f"DevelopmentCycle/{employee.id}", f"Postbox/{old.id}"} <= set(home.pokes.made)
    (handover,) = await home.all(Handover)
    assert (handover.person_id, handover.former_id, handover.successor_id) == (employee.id, old.id, new.id)
    assert handover.answered_at is None
    await home.do("open_due", employee.id)
    (check_in,) = await home.all(CheckInRow, person_id=employee.id, kind="handover")
    assert (check_in.partner_id, check_in.due_on, check_in.period) == (new.id, MONDAY.date(), 1)
    assert (await home.get(Handover, handover.id)).check_in_id == check_in.id
    await home.do("plan_team", check_in.id)
    booking = await home.booking(check_in.id)
    assert MONDAY + timedelta(days=2) < booking.start_at < MONDAY + timedelta(days=22)
    assert await home.waiting(employee.id) == {f"handover/{handover.id}/{employee.id}"}


async def test_the_same_news_twice_changes_nothing_more(home: Any, watch: str) -> None:
    employee, _, new = await a_team(home, watch)
    home.tenant.act(employee.mail, "change_manager", manager=new.mail)
    await home.do("follow_directory", watch)
    await home.do("open_due", employee.id)
    home.pokes.made.clear()
    await home.change(DirectoryWatchRow, watch, delta_link=None)
    await home.do("follow_directory", watch)
    await home.do("open_due", employee.id)
    assert home.pokes.made == []
    assert len(await home.all(Handover)) == len(await home.all(CheckInRow, kind="handover")) == 1


async def test_the_former_manager_hears_nothing_more_and_the_invitation_is_cancelled_kindly(
    home: Any, watch: str
) -> None:
    employee, old, new = await a_team(home, watch)
    check_in_id = await home.a_booked_check_in(START, person=employee.id, partner=old.id)
    ended = await home.a_check_in(date(2030, 2, 20), employee.id, old.id, state="ended", period=7)
    await home.an_intended_booking(ended, MONDAY - timedelta(days=3), state="booked")
    for who in (employee, old):
        await home.an_item(f"outcome/{who.id}", "outcome_question", who.id, check_in_id=ended, booking_no=1, step="1")
    home.tenant.act(employee.mail, "change_manager", manager=new.mail)
    await home.do("follow_directory", watch)
    assert (await home.do("look", check_in_id)).step == Step.CALL_OFF
    await home.do("call_off", check_in_id)
    assert await home.do("look", check_in_id) is None
    (event,) = home.tenant.events(f"booking/{check_in_id}/1")
    assert event["isCancelled"]
    assert home.tenant.inbox(employee.mail, "with somebody else from now on")
    await home.do("sort", old.id)
    await home.do("sort", employee.id)
    assert (await home.get(LetterItem, f"outcome/{old.id}")).dropped_because == "somebody else holds the check-ins now"
    assert (await home.get(LetterItem, f"outcome/{employee.id}")).state != "dropped"


async def test_a_manager_who_was_set_by_mistake_leaves_everything_as_it_was(home: Any, watch: str) -> None:
    employee, old, new = await a_team(home, watch)
    check_in_id = await home.a_booked_check_in(START, person=employee.id, partner=old.id)
    for manager in (new, old):
        home.tenant.act(employee.mail, "change_manager", manager=manager.mail)
        await home.do("follow_directory", watch)
    assert await partner(home, employee.id) == old.id
    assert (await home.get(CheckInRow, check_in_id)).state == "due"
    assert len(await home.all(Handover)) == 1
    await home.do("open_due", employee.id)
    assert await home.all(CheckInRow, kind="handover") == []
    await home.do("sort", employee.id)
    (item,) = await home.all(LetterItem, recipient_id=employee.id)
    assert item.dropped_because == "there is another partner by now"


async def test_whoever_overrides_the_manager_goes_on_whatever_the_directory_says(home: Any, watch: str) -> None:
    employee, _, new = await a_team(home, watch)
    interim = await a_colleague(home, "Interim")
    async with home.database.transaction() as session:
        row = await session.get_one(Person, employee.id)
        await name_partner(session, row, await session.get_one(Person, interim.id), MONDAY - timedelta(days=9))
    check_in_id = await home.a_check_in(START.date(), employee.id, interim.id)
    before = len(await home.all(Handover))
    home.tenant.act(employee.mail, "change_manager", manager=new.mail)
    await home.do("follow_directory", watch)
    assert await partner(home, employee.id) == interim.id
    assert (await home.get(CheckInRow, check_in_id)).state == "due"
    assert len(await home.all(Handover)) == before


async def test_what_hrs_file_says_stands_when_the_directory_is_read_first(home: Any, watch: str) -> None:
    """The household was imported with managers of its own: Otto's is Mara, whatever the tenant says."""
    assert await partner(home, "otto") == "mara"
    assert await partner(home, "ann") == "mara"
    assert await home.all(Handover) == []
    assert (await home.get(Person, "ann")).manager_oid is not None


async def test_a_reporting_loop_is_refused_and_said_until_it_is_mended(home: Any, watch: str) -> None:
    employee, old, new = await a_team(home, watch)
    home.tenant.act(old.mail, "change_manager", manager=employee.mail)
    await home.do("follow_directory", watch)
    assert await partner(home, employee.id) == old.id
    assert await partner(home, old.id) is None
    (said,) = [each for key, each in (await home.needs_a_hand()).items() if key.startswith("loop/")]
    assert f"{employee.name} reports to {old.name} reports to {employee.name}" in said
    home.tenant.act(employee.mail, "change_manager", manager=new.mail)
    await home.do("follow_directory", watch)
    assert await partner(home, employee.id) == new.id
    assert await partner(home, old.id) == employee.id
    assert [key for key in await home.needs_a_hand() if key.startswith("loop/")] == []


async def test_a_person_without_manager_is_listed_and_picked_up(home: Any, watch: str) -> None:
    employee, old, new = await a_team(home, watch)
    home.tenant.act(employee.mail, "change_manager", manager="")
    await home.do("follow_directory", watch)
    assert await partner(home, employee.id) is None
    assert f"partner/{employee.id}" in await home.needs_a_hand()
    assert await home.all(Handover) == []
    home.tenant.act(employee.mail, "change_manager", manager=new.mail)
    await home.do("follow_directory", watch)
    assert f"partner/{employee.id}" not in await home.needs_a_hand()
    (handover,) = await home.all(Handover)
    assert (handover.former_id, handover.successor_id) == (old.id, new.id)


async def test_a_manager_whom_nobody_knew_here_is_taken_in(home: Any, watch: str) -> None:
    employee, _, _ = await a_team(home, watch)
    stranger = joins(home, "Stranger")
    home.tenant.act(employee.mail, "change_manager", manager=stranger)
    await home.do("follow_directory", watch)
    row = await known(home, stranger)
    assert row is not None
    assert await partner(home, employee.id) == row.id
    assert await home.all(Enrolment, person_id=row.id) == []


# Leaving


async def test_hr_need_not_do_anything_any_more_for_whoever_left(home: Any, watch: str) -> None:
    employee, old, _ = await a_team(home, watch)
    async with home.database.transaction() as session:
        for person in (employee, old):
            await ask_for_a_hand(session, f"zone/{person.id}", Sentence("Have them choose a zone."), MONDAY, person.id)
            await ask_for_a_hand(session, f"mail/{person.id}", Sentence("Correct the address."), MONDAY, person.id)
    home.tenant.act(employee.mail, "leave_company", how="disabled")
    await home.do("follow_directory", watch)
    hands = await home.needs_a_hand()
    assert f"zone/{employee.id}" not in hands
    assert f"mail/{employee.id}" not in hands
    assert {f"zone/{old.id}", f"mail/{old.id}"} <= hands.keys()


@pytest.mark.parametrize("how", ["disabled", "deleted"])
async def test_nothing_goes_on_for_whoever_left(home: Any, watch: str, how: str) -> None:
    employee, old, _ = await a_team(home, watch)
    check_in_id = await home.a_booked_check_in(START, person=employee.id, partner=old.id)
    await home.an_item("learning/x", "learning_moment", employee.id, step="2030-Q1")
    home.tenant.act(employee.mail, "leave_company", how=how)
    await home.do("follow_directory", watch)
    row = await home.get(Person, employee.id)
    assert (row.left_at, row.delete_after) == (MONDAY, date(2030, 6, 2))
    assert (await home.get(Enrolment, employee.id)).ended_at == MONDAY
    await home.do("call_off", check_in_id)
    (event,) = home.tenant.events(f"booking/{check_in_id}/1")
    assert event["isCancelled"]
    await home.do("sort", employee.id)
    assert (await home.get(LetterItem, "learning/x")).dropped_because == "they have left"
    assert await home.do("open_due", employee.id) is None
    assert await home.waiting(employee.id) == set()
    assert (await home.get(Person, old.id)).left_at is None


@pytest.mark.parametrize("how", ["disabled", "deleted"])
async def test_when_a_manager_leaves_their_people_are_listed_and_choose_about_their_promises(
    home: Any, watch: str, how: str
) -> None:
    employee, old, new = await a_team(home, watch)
    check_in_id = await home.a_booked_check_in(START, person=employee.id, partner=old.id)
    await home.add(Plan(id="their-plan", person_id=employee.id, opened_at=MONDAY))
    theirs = await home.an_action(date(2030, 3, 20), owner=old.id, plan_id="their-plan")
    own = await home.an_action(date(2030, 3, 20), owner=employee.id, plan_id="their-plan")
    home.tenant.act(old.mail, "leave_company", how=how)
    await home.do("follow_directory", watch)
    assert (await home.get(CheckInRow, check_in_id)).state == "cancelled"
    assert f"partner/{employee.id}" in await home.needs_a_hand()
    assert await home.waiting(employee.id) == {f"orphan/{theirs}/{old.id}/{employee.id}"}
    assert await home.do("chase", theirs) is None
    assert await home.do("chase", own) is not None
    assert await home.waiting(old.id) == set()
    home.tenant.act(employee.mail, "change_manager", manager=new.mail)
    await home.do("follow_directory", watch)
    (handover,) = await home.all(Handover)
    assert (handover.former_id, handover.successor_id) == (old.id, new.id)
    await home.do("open_due", employee.id)
    (check_in,) = await home.all(CheckInRow, kind="handover")
    assert check_in.period == 1, "in the place of the one that was called off"


async def test_a_letter_that_was_written_does_not_leave_for_somebody_who_left(home: Any, watch: str) -> None:
    employee, _, _ = await a_team(home, watch)
    await home.an_item("learning/x", "learning_moment", employee.id, step="2030-Q1")
    letter_id = await home.a_planned_letter(employee.id, "learning/x")
    home.tenant.act(employee.mail, "leave_company")
    await home.do("follow_directory", watch)
    await home.do("deliver", letter_id)
    assert home.tenant.letters(letter_id) == []


async def test_an_answer_that_was_cut_short_ends_nobodys_time(home: Any, watch: str) -> None:
    employee, _, _ = await a_team(home, watch)
    delta = home.activities["follow_directory"].__self__._delta
    begin = delta.begin

    async def cut_short() -> Any:
        found = await begin()
        del found.told[employee.oid]
        return found

    delta.begin = cut_short
    await home.change(DirectoryWatchRow, watch, delta_link=None)
    await home.do("follow_directory", watch)
    assert (await home.get(Person, employee.id)).left_at is None


async def test_who_left_while_the_delta_was_forgotten_is_noticed(home: Any, watch: str) -> None:
    employee, _, _ = await a_team(home, watch)
    home.tenant.act(employee.mail, "leave_company", how="deleted")
    home.tenant._post("expire_delta")
    await home.do("follow_directory", watch)
    assert (await home.get(Person, employee.id)).left_at == MONDAY


# Broken data


async def test_what_a_leaver_wrote_with_a_lost_key_holds_nothing_up(home: Any, watch: str) -> None:
    employee, old, _ = await a_team(home, watch)
    await home.add(Plan(id="their-plan", person_id=employee.id, opened_at=MONDAY))
    lost = await home.an_action(date(2030, 3, 20), owner=old.id, plan_id="their-plan")
    async with home.database.engine.begin() as connection:
        title = Fernet(Fernet.generate_key()).encrypt(b"Call a customer")
        await connection.execute(text("UPDATE actions SET title = :title WHERE id = :id"), {"title": title, "id": lost})
    home.tenant.act(old.mail, "leave_company")
    await home.do("follow_directory", watch)
    assert (await home.get(Person, old.id)).left_at == MONDAY
    assert await home.waiting(employee.id) == {f"orphan/{lost}/{old.id}/{employee.id}"}
    home.tenant.act(old.mail, "come_back")
    await home.do("follow_directory", watch)
    assert (await home.get(Person, old.id)).left_at is None
    assert f"ActionChase/{lost}" in home.pokes.made


@pytest.mark.parametrize("what", ["leaves", "another manager"])
async def test_one_persons_broken_data_delays_nobody_elses_news_and_is_tried_at_each_look(
    home: Any, watch: str, what: str
) -> None:
    broken, old, new = await a_team(home, watch)
    fine = await a_colleague(home, "Zoe", old.id)
    await home.change(PolicyRow, "policy", population="teams")
    check_in_id = await home.a_check_in(START.date(), broken.id, old.id)

    async def set_opened_at(value: str) -> None:
        async with home.database.engine.begin() as connection:
            set_it = text("UPDATE check_ins SET opened_at = :value WHERE id = :id")
            await connection.execute(set_it, {"value": value, "id": check_in_id})

    await set_opened_at("half a date")
    if what == "leaves":
        home.tenant.act(broken.mail, "leave_company")
    else:
        home.tenant.act(broken.mail, "change_manager", manager=new.mail)
    home.tenant.act(fine.mail, "change_manager", manager=new.mail)
    joiner = joins(home, "Joiner", old.mail)
    await home.do("follow_directory", watch)
    assert await partner(home, fine.id) == new.id
    row = await known(home, joiner)
    assert row is not None
    assert (await home.get(Enrolment, row.id)).ended_at is None
    assert (await home.get(DirectoryWatchRow, watch)).looked_at == MONDAY
    assert (await home.get(Person, broken.id)).left_at is None
    assert await partner(home, broken.id) == old.id
    hands = await home.needs_a_hand()
    assert [key for key in hands if key != "notifications//users"] == [f"directory/{broken.id}"]
    assert broken.name in hands[f"directory/{broken.id}"]
    await set_opened_at("2030-03-04 09:00:00.000000")
    await home.do("follow_directory", watch)
    assert (await home.get(CheckInRow, check_in_id)).state == "cancelled"
    if what == "leaves":
        assert (await home.get(Person, broken.id)).left_at == MONDAY
    else:
        assert await partner(home, broken.id) == new.id
    assert f"directory/{broken.id}" not in await home.needs_a_hand()


async def test_a_mailbox_made_again_that_is_still_closed_delays_nobody(
    home: Any, watch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    employee, old, new = await a_team(home, watch)
    async with home.database.transaction() as session:
        await ask_for_a_hand(session, f"mailbox/{old.id}", Sentence("Give them one."), MONDAY, old.id)
    await home.change(Person, old.id, directory_read_at=None)
    path = f"/users/{old.oid}/mailboxSettings"
    home.tenant.fault("status", "GET", path, status=403, code="ErrorAccessDenied", rate=1)
    home.tenant.act(employee.mail, "change_manager", manager=new.mail)
    before = (await home.get(DirectoryWatchRow, watch)).delta_link
    await home.do("follow_directory", watch)
    assert (await home.get(DirectoryWatchRow, watch)).delta_link != before
    assert f"mailbox/{old.id}" in await home.needs_a_hand()
    home.tenant.clear_faults()
    await home.do("follow_directory", watch)
    assert f"mailbox/{old.id}" not in await home.needs_a_hand()


# Coming back


async def test_whoever_is_enabled_again_goes_on_as_before(home: Any, watch: str) -> None:
    employee, old, _ = await a_team(home, watch)
    check_in_id = await home.a_booked_check_in(START, person=employee.id, partner=old.id)
    home.tenant.act(employee.mail, "leave_company")
    await home.do("follow_directory", watch)
    home.tenant.act(employee.mail, "come_back")
    await home.do("follow_directory", watch, MONDAY + timedelta(days=1))
    row = await home.get(Person, employee.id)
    assert (row.left_at, row.delete_after) == (None, None)
    assert (await home.get(Enrolment, employee.id)).ended_at is None
    assert await partner(home, employee.id) == old.id
    assert (await home.get(CheckInRow, check_in_id)).state == "due"
    assert await home.all(Handover) == []


async def test_a_returning_manager_gets_their_people_back(home: Any, watch: str) -> None:
    employee, old, _ = await a_team(home, watch)
    home.tenant.act(old.mail, "leave_company")
    await home.do("follow_directory", watch)
    assert await partner(home, employee.id) is None
    home.tenant.act(old.mail, "come_back")
    await home.do("follow_directory", watch)
    assert await partner(home, employee.id) == old.id
    assert f"partner/{employee.id}" not in await home.needs_a_hand()


@pytest.mark.parametrize("who", ["employee", "interim"])
async def test_whom_hr_named_holds_the_check_ins_again_once_a_leaver_is_back(home: Any, watch: str, who: str) -> None:
    employee, old, _ = await a_team(home, watch)
    interim = await a_colleague(home, "Interim")
    await name(home, employee, interim)
    (handover,) = await home.all(Handover)
    talk = await home.a_check_in(date(2030, 2, 20), employee.id, interim.id, state="held", kind="handover", period=7)
    await home.change(Handover, handover.id, check_in_id=talk)
    check_in_id = await home.a_booked_check_in(START, person=employee.id, partner=interim.id)
    leaver = employee if who == "employee" else interim
    home.tenant.act(leaver.mail, "leave_company")
    await home.do("follow_directory", watch)
    assert await partner(home, employee.id) == (None if who == "employee" else old.id)
    home.tenant.act(leaver.mail, "come_back")
    await home.do("follow_directory", watch, MONDAY + timedelta(days=1))
    assert await partner(home, employee.id) == interim.id
    assert (await home.get(CheckInRow, check_in_id)).state == "due"
    for _ in range(2):
        await home.do("follow_directory", watch, MONDAY + timedelta(days=2))
    lines = await home.all(Reporting, person_id=employee.id, until=None)
    assert sorted((line.source, line.partner_id) for line in lines) == [("directory", old.id), ("override", interim.id)]


async def test_whom_hr_named_meanwhile_stays_when_a_leaver_is_back(home: Any, watch: str) -> None:
    employee, _, new = await a_team(home, watch)
    interim = await a_colleague(home, "Interim")
    await name(home, employee, interim)
    home.tenant.act(interim.mail, "leave_company")
    await home.do("follow_directory", watch)
    await name(home, employee, new)
    home.tenant.act(interim.mail, "come_back")
    await home.do("follow_directory", watch, MONDAY + timedelta(days=1))
    assert await partner(home, employee.id) == new.id
    assert len(await home.all(Reporting, person_id=employee.id, source="override", until=None)) == 1


async def test_an_enrolment_that_hr_ended_stays_ended(home: Any, watch: str) -> None:
    employee, _, _ = await a_team(home, watch)
    long_ago = MONDAY - timedelta(days=30)
    async with home.database.transaction() as session:
        await end_enrolment(session, await session.get_one(Person, employee.id), long_ago)
    await home.change(PolicyRow, "policy", population="everybody")
    await home.change(DirectoryWatchRow, watch, delta_link=None)
    await home.do("follow_directory", watch)
    assert (await home.get(Enrolment, employee.id)).ended_at == long_ago
    home.tenant.act(employee.mail, "leave_company")
    await home.do("follow_directory", watch)
    home.tenant.act(employee.mail, "come_back")
    await home.do("follow_directory", watch)
    assert (await home.get(Enrolment, employee.id)).ended_at == long_ago


async def test_a_new_account_with_the_address_of_somebody_who_left_opens_nothing(home: Any, watch: str) -> None:
    employee, old, _ = await a_team(home, watch)
    await home.change(PolicyRow, "policy", population="teams")
    await a_colleague(home, "Teammate", old.id)
    home.tenant.act(employee.mail, "leave_company", how="deleted")
    await home.do("follow_directory", watch)
    mail = joins(home, "Returner", old.mail)
    await home.change(Person, employee.id, mail=mail)
    await home.do("follow_directory", watch)
    assert (await home.get(Person, employee.id)).left_at is not None
    assert (await home.get(Enrolment, employee.id)).ended_at is not None
    (said,) = [each for key, each in (await home.needs_a_hand()).items() if key.startswith("joiner/")]
    assert f"perennial people returned {mail}" in said


# Renamed


async def test_a_new_name_and_address_are_followed(home: Any, watch: str) -> None:
    employee, _, _ = await a_team(home, watch)
    mail = f"renamed.{next(numbers)}@meadow.example"
    home.tenant._post("act", person=employee.mail, act="rename", given="Renamed", surname="Person", mail=mail)
    await home.do("follow_directory", watch)
    row = await home.get(Person, employee.id)
    assert (row.name, row.mail, row.oid) == ("Renamed Person", mail, employee.oid)


async def test_a_new_address_is_no_reason_to_give_up_an_hour(home: Any, watch: str) -> None:
    employee, old, _ = await a_team(home, watch)
    check_in_id = await home.a_check_in(START.date(), employee.id, old.id)
    await home.an_intended_booking(check_in_id, START)
    await home.do("book", check_in_id)
    mail = f"renamed.{next(numbers)}@meadow.example"
    home.tenant._post("act", person=employee.mail, act="rename", given="Renamed", surname="Person", mail=mail)
    await home.do("follow_directory", watch)
    assert (await home.get(Person, employee.id)).mail == mail
    await home.do("ask_for_reflection", check_in_id)
    assert (await home.get(CheckInRow, check_in_id)).state == "booked"
    found = await home.activities["compare"].__self__.differences(home.tenant.service, MONDAY)
    assert [each for each in found if each.check_in_id == check_in_id] == []


async def test_a_name_of_hrs_own_stays_while_the_directory_keeps_its_own(home: Any, watch: str) -> None:
    employee, _, new = await a_team(home, watch)
    await home.change(Person, employee.id, name="Called Otherwise")
    home.tenant.act(employee.mail, "change_manager", manager=new.mail)
    await home.do("follow_directory", watch)
    assert (await home.get(Person, employee.id)).name == "Called Otherwise"


async def test_two_who_swap_their_addresses_both_get_them(home: Any, watch: str) -> None:
    one, other = await a_colleague(home, "One"), await a_colleague(home, "Other")
    mails = one.mail, other.mail
    await home.change(Person, one.id, mail="between@meadow.example")
    await home.change(Person, other.id, mail=mails[0])
    await home.change(Person, one.id, mail=mails[1])
    await home.change(DirectoryWatchRow, watch, delta_link=None)
    await home.do("follow_directory", watch)
    assert ((await home.get(Person, one.id)).mail, (await home.get(Person, other.id)).mail) == mails


# Joining


async def test_nobody_joins_where_people_are_enrolled_by_name(home: Any, watch: str) -> None:
    _, old, _ = await a_team(home, watch)
    mail = joins(home, "Joiner", old.mail)
    await home.do("follow_directory", watch)
    assert await known(home, mail) is None


async def test_whoever_comes_to_a_team_joins_its_policy_and_others_do_not(home: Any, watch: str) -> None:
    _, old, new = await a_team(home, watch)
    await home.change(PolicyRow, "policy", population="teams")
    mail, elsewhere = joins(home, "Joiner", old.mail), joins(home, "Elsewhere", new.mail)
    await home.do("follow_directory", watch)
    row = await known(home, mail)
    assert row is not None
    assert (row.zone, row.opens) == ("Europe/Berlin", "09:00")
    assert await partner(home, row.id) == old.id
    assert (await home.get(Enrolment, row.id)).policy_id == "policy"
    assert f"DevelopmentCycle/{row.id}" in home.pokes.made
    assert await known(home, elsewhere) is None


async def test_a_department_joins_with_managers_who_are_new_themselves(home: Any, watch: str) -> None:
    await home.change(PolicyRow, "policy", population="department/Lighthouse")
    boss = joins(home, "Keeper", department="Harbour")
    mail = joins(home, "Lamp", boss, department="Lighthouse")
    await home.do("follow_directory", watch)
    row, keeper = await known(home, mail), await known(home, boss)
    assert row is not None
    assert keeper is not None
    assert await partner(home, row.id) == keeper.id
    assert await home.all(Enrolment, person_id=keeper.id) == []


async def test_a_joiner_without_manager_waits_on_hrs_list(home: Any, watch: str) -> None:
    _, old, _ = await a_team(home, watch)
    await home.change(PolicyRow, "policy", population="department/Island")
    mail = joins(home, "Islander", department="Island")
    await home.do("follow_directory", watch)
    row = await known(home, mail)
    assert row is not None
    assert "has joined and has no manager" in (await home.needs_a_hand())[f"joiner/{row.oid}"]
    assert await home.all(Enrolment, person_id=row.id) == []
    home.tenant.act(mail, "change_manager", manager=old.mail)
    await home.do("follow_directory", watch)
    assert (await home.get(Enrolment, row.id)).ended_at is None
    assert f"joiner/{row.oid}" not in await home.needs_a_hand()


async def test_one_joiner_without_mailbox_delays_nobody(home: Any, watch: str) -> None:
    _, old, _ = await a_team(home, watch)
    await home.change(PolicyRow, "policy", population="teams")
    broken, fine = joins(home, "Broken", old.mail), joins(home, "Fine", old.mail)
    user = await home.activities["follow_directory"].__self__._directory.user(broken)
    path = f"/users/{user.oid}/mailboxSettings"
    home.tenant.fault("status", "GET", path, status=404, code="MailboxNotEnabledForRESTAPI", count=1)
    await home.do("follow_directory", watch)
    assert await known(home, broken) is None
    assert "has no mailbox" in (await home.needs_a_hand())[f"joiner/{user.oid}"]
    assert await known(home, fine) is not None
    await home.do("follow_directory", watch)
    assert await known(home, broken) is not None
    assert f"joiner/{user.oid}" not in await home.needs_a_hand()


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (NotAllowed("read a person's working hours", "the app may not"), "put them into the participants' group"),
        (Garbled("read a person's working hours", "they are not written so"), "save their working hours"),
    ],
)
async def test_one_joiner_whose_mailbox_cannot_be_read_delays_nobody(
    home: Any, watch: str, monkeypatch: pytest.MonkeyPatch, trouble: GraphTrouble, words: str
) -> None:
    _, old, _ = await a_team(home, watch)
    await home.change(PolicyRow, "policy", population="teams")
    broken, fine = joins(home, "Broken", old.mail), joins(home, "Fine", old.mail)
    directory = home.activities["follow_directory"].__self__._directory
    user, mailbox = await directory.user(broken), directory.mailbox

    async def unreadable_for_one(oid: str) -> MailboxFacts:
        if oid == user.oid:
            raise trouble
        facts: MailboxFacts = await mailbox(oid)
        return facts

    monkeypatch.setattr(directory, "mailbox", unreadable_for_one)
    await home.do("follow_directory", watch)
    assert await known(home, broken) is None
    assert words in (await home.needs_a_hand())[f"joiner/{user.oid}"]
    assert await known(home, fine) is not None
    monkeypatch.undo()
    await home.do("follow_directory", watch)
    assert await known(home, broken) is not None
    assert f"joiner/{user.oid}" not in await home.needs_a_hand()


async def test_a_joiner_whose_mailbox_names_no_zone_is_not_taken_to_live_in_utc(
    home: Any, watch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, old, _ = await a_team(home, watch)
    await home.change(PolicyRow, "policy", population="teams")
    nowhere, fine = joins(home, "Nowhere", old.mail), joins(home, "Fine", old.mail)
    directory = home.activities["follow_directory"].__self__._directory
    user, mailbox = await directory.user(nowhere), directory.mailbox

    async def without_zone_for_one(oid: str) -> MailboxFacts:
        facts: MailboxFacts = await mailbox(oid)
        return replace(facts, zone=None) if oid == user.oid else facts

    monkeypatch.setattr(directory, "mailbox", without_zone_for_one)
    await home.do("follow_directory", watch)
    assert await known(home, nowhere) is None
    assert "names no time zone" in (await home.needs_a_hand())[f"joiner/{user.oid}"]
    assert await known(home, fine) is not None
    monkeypatch.undo()
    await home.do("follow_directory", watch)
    row = await known(home, nowhere)
    assert row is not None
    assert row.zone == "Europe/Berlin"
    assert f"joiner/{user.oid}" not in await home.needs_a_hand()


async def without_hire_dates(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tenant does not keep employeeHireDate, as many do not."""
    watches = home.activities["follow_directory"].__self__
    user, begin, go_on = watches._directory.user, watches._delta.begin, watches._delta.go_on

    async def nobody_hired(asked: str) -> Any:
        found = await user(asked)
        return replace(found, hired=None) if found else None

    def undated(read: Any) -> Any:
        async def reading(*about: Any) -> Any:
            found = await read(*about)
            return replace(found, told={oid: replace(said, hired=None) for oid, said in found.told.items()})

        return reading

    monkeypatch.setattr(watches._directory, "user", nobody_hired)
    monkeypatch.setattr(watches._delta, "begin", undated(begin))
    monkeypatch.setattr(watches._delta, "go_on", undated(go_on))


async def test_without_a_hire_date_only_whoever_is_new_in_the_directory_is_new_here(
    home: Any, watch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, old, _ = await a_team(home, watch)
    await without_hire_dates(home, monkeypatch)
    stranger = joins(home, "Stranger")
    long_here = [joins(home, given, old.mail) for given in ("Uma", "Vera")]
    under_stranger = joins(home, "Xena", stranger, department="Lighthouse")
    # Both populations are new, so everybody is read.
    await home.add(PolicyRow(id="other", name="Other", starts_on=MONDAY.date(), population="department/Lighthouse"))
    await home.change(PolicyRow, "policy", population="teams")
    await home.change(DirectoryWatchRow, watch, delta_link=None)
    await home.do("follow_directory", watch)
    for mail in (*long_here, under_stranger, stranger):
        assert await hired(home, mail) is None
    new = joins(home, "Newcomer", old.mail)
    boss = joins(home, "Boss")
    newest = joins(home, "Newest", boss, department="Lighthouse")
    tuesday = MONDAY + timedelta(days=1)
    await home.do("follow_directory", watch, tuesday)
    heard = [await hired(home, mail) for mail in (new, newest, boss)]
    assert heard == [tuesday.date(), tuesday.date(), None]


async def test_whoever_waited_for_a_mailbox_is_as_new_as_when_they_were_heard_of(
    home: Any, watch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, old, _ = await a_team(home, watch)
    await without_hire_dates(home, monkeypatch)
    await home.change(PolicyRow, "policy", population="teams")
    home.tenant.fault("status", "GET", "/mailboxSettings", status=404, code="MailboxNotEnabledForRESTAPI", rate=1)
    long_here = joins(home, "Uma", old.mail)
    await home.change(DirectoryWatchRow, watch, delta_link=None)
    await home.do("follow_directory", watch)
    new = joins(home, "Newcomer", old.mail)
    await home.do("follow_directory", watch, MONDAY + timedelta(days=1))
    assert await known(home, long_here) is await known(home, new) is None
    home.tenant.clear_faults()
    await home.do("follow_directory", watch, MONDAY + timedelta(days=5))
    assert await hired(home, long_here) is None
    assert await hired(home, new) == MONDAY.date() + timedelta(days=1)


async def test_without_a_token_nobody_is_blamed_for_their_mailbox(
    home: Any, watch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, old, _ = await a_team(home, watch)
    await home.change(PolicyRow, "policy", population="teams")
    joins(home, "Joiner", old.mail)

    async def refused(oid: str) -> MailboxFacts:
        raise NoToken("read a person's working hours", "the client secret has expired")

    directory = home.activities["follow_directory"].__self__._directory
    monkeypatch.setattr(directory, "mailbox", refused)
    with pytest.raises(NoToken):
        await home.do("follow_directory", watch)
    assert not [key for key in await home.needs_a_hand() if key.startswith("joiner/")]


async def test_the_watch_looks_again_by_itself(home: Any, watch: str) -> None:
    at = await home.do("follow_directory", watch)
    assert MONDAY < at <= MONDAY + timedelta(hours=6)


async def test_the_name_that_hr_gave_stays_when_the_directory_is_read_first(home: Any, watch: str) -> None:
    row = await a_colleague(home, "Formal")
    await home.change(Person, row.id, name="Called Otherwise", directory_name=None)
    await home.do("follow_directory", watch)
    after = await home.get(Person, row.id)
    assert (after.name, after.directory_name) == ("Called Otherwise", row.name)


# The subscription


async def test_only_a_cause_of_its_own_makes_a_line_for_the_subscription(home: Any, watch: str) -> None:
    home.tenant.fault("consent", None, "", rate=1)
    for hour in (1, 2):
        with pytest.raises(NotAllowed):
            await home.do("follow_directory", watch, MONDAY + timedelta(hours=hour))
    assert "notifications//users" not in await home.needs_a_hand()
    home.tenant.clear_faults()
    await home.do("follow_directory", watch, MONDAY + timedelta(hours=3))
    assert "PERENNIAL_PUBLIC_URL" in (await home.needs_a_hand())["notifications//users"]

"""One person's broken data is their own: it delays nobody else, and HR hears whose it is."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from integrations.database.columns import UnreadableText
from integrations.database.tables import Booking, CheckInRow, Enrolment, Letter, LetterItem, Person, Reporting
from integrations.graph.directory import Directory
from integrations.graph.errors import Garbled, GraphTrouble, NoMailbox, NotAllowed, NoToken, Transient

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
DUE = date(2030, 4, 10)


async def hour_of(home: Any, check_in_id: str) -> Booking | None:
    found = await home.all(Booking, check_in_id=check_in_id, state="intended")
    return found[0] if found else None


def for_one(monkeypatch: pytest.MonkeyPatch, home: Any, name: str, error: Exception) -> None:
    """What the tenant does when this one's mailbox is asked about."""
    oid, ask = home.tenant.person(name)["id"], Directory.mailbox

    async def asked(self: Directory, about: str) -> Any:
        if about == oid:
            raise error
        return await ask(self, about)

    monkeypatch.setattr(Directory, "mailbox", asked)


async def with_a_bad_zone(home: Any, _monkeypatch: pytest.MonkeyPatch) -> None:
    await home.change(Person, "otto", zone="Mars/Olympus")


async def with_half_an_hour(home: Any, _monkeypatch: pytest.MonkeyPatch) -> None:
    await home.change(Person, "otto", opens="9 o'clock")


async def with_a_mailbox_out_of_reach(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await home.change(Person, "otto", directory_read_at=None)
    for_one(monkeypatch, home, "Otto", NotAllowed("read a person's working hours", "the app may not"))


async def with_a_mailbox_that_is_busy(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await home.change(Person, "otto", directory_read_at=None)
    for_one(monkeypatch, home, "Otto", Transient("read a person's working hours", "busy"))


async def with_a_deleted_mailbox(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await home.change(Person, "otto", directory_read_at=None)
    for_one(monkeypatch, home, "Otto", NoMailbox("read a person's working hours", "gone"))


async def with_an_address_that_exchange_does_not_know(home: Any, _monkeypatch: pytest.MonkeyPatch) -> None:
    await home.change(Person, "otto", mail="nobody@nowhere.example")


async def who_is_their_manager_s_manager(home: Any, _monkeypatch: pytest.MonkeyPatch) -> None:
    await home.add(Reporting(person_id="mara", partner_id="otto", source="override", since=date(2029, 1, 1)))
    await home.a_check_in(DUE, "mara", "otto")


BROKEN = [
    with_a_bad_zone,
    with_half_an_hour,
    with_a_mailbox_out_of_reach,
    with_a_mailbox_that_is_busy,
    with_a_deleted_mailbox,
    with_an_address_that_exchange_does_not_know,
    who_is_their_manager_s_manager,
]


@pytest.mark.parametrize("trouble", [Transient, NotAllowed, NoMailbox])
async def test_a_managers_mailbox_that_cannot_be_read_holds_up_none_of_their_reports(
    home: Any, monkeypatch: pytest.MonkeyPatch, trouble: type[GraphTrouble]
) -> None:
    check_in_id = await home.a_booked_check_in(MONDAY + timedelta(days=9))
    await home.change(Enrolment, "ann", enrolled_at=MONDAY - timedelta(days=30))
    await home.change(Person, "mara", directory_read_at=None)
    for_one(monkeypatch, home, "Mara", trouble("read a person's working hours", "not now"))
    await home.do("find_leave", "ann", MONDAY)
    await home.do("ask_where_they_live", check_in_id, MONDAY)
    assert (await home.get(CheckInRow, check_in_id)).people_read_at == MONDAY
    asked_again = (await home.get(Person, "mara")).leave_read_at != MONDAY
    assert asked_again is (trouble is not NoMailbox), "of a mailbox that is gone HR was told"


async def test_ones_own_mailbox_that_is_busy_is_asked_again_for_their_leave(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await home.change(Enrolment, "ann", enrolled_at=MONDAY - timedelta(days=30))
    await home.change(Person, "ann", directory_read_at=None)
    for_one(monkeypatch, home, "Ann", Transient("read a person's working hours", "not now"))
    with pytest.raises(Transient):
        await home.do("find_leave", "ann", MONDAY)


@pytest.mark.parametrize(
    "step", ["look", "open_due", "watch", "follow_directory", "read_changes", "find_leave", "sort", "chase"]
)
async def test_what_temporal_remembers_and_the_database_does_not_comes_to_an_end(home: Any, step: str) -> None:
    await home.do(step, "019-of-a-database-that-was-restored", MONDAY)
    assert await home.needs_a_hand() == {}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda each: each.__name__)
async def test_a_team_is_planned_without_the_one(home: Any, monkeypatch: pytest.MonkeyPatch, broken: Any) -> None:
    ann, otto = await home.a_check_in(DUE, "ann"), await home.a_check_in(DUE, "otto")
    await broken(home, monkeypatch)
    await home.do("plan_team", ann)
    assert await hour_of(home, ann)
    if broken is not who_is_their_manager_s_manager:
        assert await hour_of(home, otto) is None


@pytest.mark.parametrize("broken", [with_a_bad_zone, with_half_an_hour, with_a_mailbox_out_of_reach])
async def test_who_is_broken_hears_of_it_in_their_own_check_in(
    home: Any, monkeypatch: pytest.MonkeyPatch, broken: Any
) -> None:
    otto = await home.a_check_in(DUE, "otto")
    await broken(home, monkeypatch)
    with pytest.raises((ValueError, LookupError, NotAllowed)):
        await home.do("plan_team", otto)


CLOSED = NotAllowed("read a person's working hours", "the app may not")
NO_TOKEN = NoToken("read a person's working hours", "the client secret has expired")


async def ask_everything(home: Any, check_in_id: str) -> Any:
    """All that a report's check-in and cycle ask of a manager's mailbox; the hours that there could be."""
    later = MONDAY + timedelta(days=7)
    await home.do("find_leave", "ann", later)
    await home.do("plan_team", check_in_id, later)
    return await home.activities["plan_team"].__self__.hours_for(check_in_id, later)


async def test_a_managers_closed_mailbox_holds_none_of_theirs_up(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await home.a_check_in(DUE, "ann")
    for_one(monkeypatch, home, "Mara", CLOSED)
    assert await ask_everything(home, ann)
    assert await hour_of(home, ann), "by the hours that were known"
    assert await home.needs_a_hand() == {}, "the manager's own letters tell HR"


async def test_of_a_manager_who_was_never_read_the_usual_hours_are_taken(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await home.a_check_in(DUE, "ann")
    await home.change(Person, "mara", directory_read_at=None, weekdays=None, opens=None, closes=None)
    for_one(monkeypatch, home, "Mara", CLOSED)
    await home.do("plan_team", ann)
    assert await hour_of(home, ann)


@pytest.mark.parametrize(("whose", "error"), [("Mara", NO_TOKEN), ("Ann", CLOSED)])
@pytest.mark.parametrize("asks", ["find_leave", "plan_team", "hours_for"])
async def test_a_closed_tenant_and_ones_own_closed_mailbox_stop_a_check_in(
    home: Any, monkeypatch: pytest.MonkeyPatch, whose: str, error: Exception, asks: str
) -> None:
    ann = await home.a_check_in(DUE, "ann")
    for_one(monkeypatch, home, whose, error)
    later = MONDAY + timedelta(days=7)
    asking = {
        "find_leave": lambda: home.do("find_leave", "ann", later),
        "plan_team": lambda: home.do("plan_team", ann, later),
        "hours_for": lambda: home.activities["plan_team"].__self__.hours_for(ann, later),
    }
    with pytest.raises(type(error)):
        await asking[asks]()
    assert await hour_of(home, ann) is None


async def test_a_policy_that_cannot_be_read_leaves_those_under_it_out(home: Any) -> None:
    ann, otto = await home.a_check_in(DUE, "ann"), await home.a_check_in(DUE, "otto")
    await home.change(CheckInRow, otto, policy_revision=9)
    await home.do("plan_team", ann)
    assert await hour_of(home, ann)
    assert await hour_of(home, otto) is None


async def test_garbled_mailbox_settings_leave_what_was_known(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    otto = await home.a_check_in(DUE, "otto")
    await home.change(Person, "otto", directory_read_at=None)
    for_one(monkeypatch, home, "Otto", Garbled("read a person's working hours", "not as Exchange writes them"))
    zone = (await home.get(Person, "otto")).zone
    await home.do("plan_team", otto)
    assert await hour_of(home, otto)
    assert (await home.get(Person, "otto")).zone == zone
    ((key, sentence),) = (await home.needs_a_hand()).items()
    assert (key, "Otto" in sentence) == ("settings/otto", True)
    monkeypatch.undo()
    await home.do("plan_team", await home.a_check_in(DUE + timedelta(days=1), "otto"), MONDAY + timedelta(hours=5))
    assert await home.needs_a_hand() == {}


# Letters


async def an_action_mention(home: Any, title: str, owner: str = "ann") -> tuple[str, str]:
    action_id = await home.an_action(date(2030, 3, 2), owner=owner, title=title)
    key = f"action/{action_id}/2030-03-02/2"
    await home.an_item(key, "action_passed", to=owner, action_id=action_id, step="2", subject_day=date(2030, 3, 2))
    return action_id, key


async def sorted_out(home: Any, to: str, now: datetime) -> tuple[str, datetime]:
    """The letter that is made next from `now` on, and when."""
    found = await home.do("sort", to, now)
    while found.letter_id is None:
        now = found.at
        found = await home.do("sort", to, now)
    return found.letter_id, found.at


async def lock_away(home: Any, action_id: str) -> None:
    """The title was written with a key that is lost."""
    lost = Fernet(Fernet.generate_key()).encrypt(b"Call a customer")
    async with home.database.engine.begin() as connection:
        await connection.execute(
            text("UPDATE actions SET title = :lost WHERE id = :id"), {"lost": lost, "id": action_id}
        )


async def found_again(home: Any, key: str, action_id: str) -> None:
    opens = Fernet(key).encrypt(b"Call a customer")
    async with home.database.engine.begin() as connection:
        await connection.execute(
            text("UPDATE actions SET title = :title WHERE id = :id"), {"title": opens, "id": action_id}
        )


async def test_a_part_that_cannot_be_written_is_put_off_and_the_rest_of_the_letter_goes(
    home: Any, keys: tuple[str, ...]
) -> None:
    lost, lost_key = await an_action_mention(home, "Lost")
    _, key = await an_action_mention(home, "Show the numbers")
    letter_id = await home.a_planned_letter("ann", lost_key, key)
    await lock_away(home, lost)
    await home.do("deliver", letter_id)
    ((_, message),) = home.tenant.letters(letter_id)
    assert home.item_keys(message) == {key}
    assert "Show the numbers" in message["body"]
    put_off = await home.get(LetterItem, lost_key)
    assert (put_off.state, put_off.letter_id, put_off.due_at) == ("waiting", None, MONDAY + timedelta(days=1))
    ((hand, sentence),) = (await home.needs_a_hand()).items()
    assert hand == f"unwritten/{lost_key}"
    assert "PERENNIAL_ENCRYPTION_KEYS" in sentence
    assert "Lost" not in sentence

    # The key is back: what was put off goes the day after, and the line with it.
    waits = await home.do("sort", "ann")
    assert waits.letter_id is None
    assert waits.at >= MONDAY + timedelta(days=1)
    await found_again(home, keys[0], lost)
    letter_id, at = await sorted_out(home, "ann", MONDAY)
    assert at.date() == MONDAY.date() + timedelta(days=1)
    await home.do("deliver", letter_id, at)
    ((_, message),) = home.tenant.letters(letter_id)
    assert home.item_keys(message) == {lost_key}
    assert await home.needs_a_hand() == {}


async def test_a_letter_of_which_nothing_can_be_written_is_not_sent_and_blocks_nothing(home: Any) -> None:
    lost, lost_key = await an_action_mention(home, "Lost")
    letter_id = await home.a_planned_letter("ann", lost_key)
    await lock_away(home, lost)
    await home.do("deliver", letter_id)
    assert home.tenant.letters(letter_id) == []
    assert (await home.get(Letter, letter_id)).state == "dropped"
    _, key = await an_action_mention(home, "Show the numbers")
    letter_id, at = await sorted_out(home, "ann", MONDAY)
    assert at.date() == MONDAY.date()
    assert {row.key for row in await home.all(LetterItem, letter_id=letter_id)} == {key}


async def test_what_cannot_even_be_judged_is_put_off_before_it_gets_into_a_letter(home: Any) -> None:
    lost, lost_key = await an_action_mention(home, "Lost")
    await lock_away(home, lost)
    found = await home.do("sort", "ann")
    assert found.letter_id is None
    assert found.at >= MONDAY + timedelta(days=1)
    assert (await home.get(LetterItem, lost_key)).state == "waiting"
    assert list(await home.needs_a_hand()) == [f"unwritten/{lost_key}"]


async def test_a_part_that_cannot_be_rendered_is_put_off(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, key = await an_action_mention(home, "Show the numbers")
    letter_id = await home.a_planned_letter("ann", key)
    letters: Any = home.activities["deliver"].__self__

    def garbled(*_: Any) -> None:
        raise ValueError("A letter is not MJML.")

    monkeypatch.setattr(letters, "_rendered", garbled)
    await home.do("deliver", letter_id)
    assert "fault of ours" in (await home.needs_a_hand())[f"unwritten/{key}"]


async def test_a_letter_whose_text_does_not_open_stops_its_own_reader_only(home: Any) -> None:
    _, key = await an_action_mention(home, "Show the numbers")
    letter_id = await home.a_planned_letter("ann", key)
    lost = Fernet(Fernet.generate_key()).encrypt(b"A letter")
    async with home.database.engine.begin() as connection:
        await connection.execute(
            text("UPDATE letters SET subject = :lost WHERE id = :id"), {"lost": lost, "id": letter_id}
        )
    with pytest.raises(UnreadableText):
        await home.do("sort", "ann")
    _, other = await an_action_mention(home, "Bring a chart", owner="otto")
    letter_id, at = await sorted_out(home, "otto", MONDAY)
    await home.do("deliver", letter_id, at)
    ((_, message),) = home.tenant.letters(letter_id)
    assert home.item_keys(message) == {other}

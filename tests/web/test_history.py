"""Everybody's own past: dates and states for the two of then, words for whoever may read them, and nothing beyond."""

import logging
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from integrations.database.tables import (
    ActionRow,
    Answer,
    Booking,
    CheckInRow,
    Handover,
    HeardLine,
    Note,
    Plan,
    PreRead,
    Reading,
    ReflectionRow,
    Reporting,
    ShownToSuccessor,
    Topic,
)

# One word each, so that a search for "lime" would find them all.
ANNS_NOTE, MARAS_NOTE, GONE = "lime tree note", "lime from mara", "lime withdrawn"
SHARED, PRIVATE, WITHDRAWN = "lime shared answer", "lime private answer", "lime answer taken back"
ANN_HEARD, MARA_SAID = "lime was heard", "lime not quite"
TOPIC, ACTION, OWN_ACTION = "lime topic", "lime action", "lime kept to myself"
ANN_READS = {ANNS_NOTE, MARAS_NOTE, SHARED, PRIVATE, WITHDRAWN, ANN_HEARD, MARA_SAID, TOPIC, ACTION, OWN_ACTION}
MARA_READS = {ANNS_NOTE, MARAS_NOTE, SHARED, ANN_HEARD, MARA_SAID, TOPIC, ACTION}
ALL = ANN_READS | MARA_READS | {GONE}


@pytest.fixture
async def past(world: Any) -> Any:
    """A talk of Ann and Mara in December with everything in it, long over."""
    at = datetime(2029, 12, 10, 9, tzinfo=UTC)
    action = {"plan_id": "plan", "check_in_id": "old", "owner_id": "person-ann", "made_by_id": "person-ann"}
    days = {"due_on": date(2030, 4, 1), "agreed_on": at.date(), "chased_from": at.date(), "made_at": at}
    rows: list[Any] = [
        CheckInRow(
            id="old",
            person_id="person-ann",
            partner_id="person-mara",
            period=0,
            due_on=at.date(),
            state="held",
            policy_id="policy",
            policy_revision=1,
            opened_at=at - timedelta(days=30),
        ),
        Booking(
            check_in_id="old",
            no=1,
            start_at=at,
            end_at=at + timedelta(minutes=45),
            zone="Europe/Berlin",
            organizer="x",
            state="booked",
            transaction_id="t0",
            reasons=[],
            made_at=at,
        ),
        Note(id="n1", check_in_id="old", writer_id="person-ann", text=ANNS_NOTE, made_at=at),
        Note(id="n2", check_in_id="old", writer_id="person-mara", text=MARAS_NOTE, made_at=at),
        Note(id="n3", check_in_id="old", writer_id="person-mara", text=GONE, made_at=at, withdrawn_at=at),
        ReflectionRow(id="r", check_in_id="old", writer_id="person-ann", answered_at=at),
        *(
            Answer(
                id=f"a-{question}",
                reflection_id="r",
                question=question,
                text=text,
                shared_at=None if text == PRIVATE else at,
                withdrawn_at=at if text == WITHDRAWN else None,
                changed_at=at,
            )
            for question, text in (("learned", SHARED), ("surprised", PRIVATE), ("next", WITHDRAWN))
        ),
        HeardLine(
            check_in_id="old",
            writer_id="person-ann",
            text=ANN_HEARD,
            written_at=at,
            answer="not_quite",
            answer_text=MARA_SAID,
            answered_at=at,
        ),
        Topic(
            person_id="person-ann",
            partner_id="person-mara",
            check_in_id="old",
            writer_id="person-ann",
            text=TOPIC,
            made_at=at,
        ),
        Plan(id="plan", person_id="person-ann", opened_at=at),
        ActionRow(id="act", title=ACTION, accepted_at=at, **action, **days),
        ActionRow(id="own", title=OWN_ACTION, private=True, accepted_at=at, **action, **days),
    ]
    async with world.database.transaction() as session:
        for row in rows:
            session.add(row)
            await session.flush()
    return world


async def found(world: Any, name: str, query: str = "lime") -> set[str]:
    answer = await (await world.browser(name)).post("/history", data={"q": query})
    assert answer.status_code == 200
    text = re.sub(r"</?mark>", "", answer.text)
    return {word for word in ALL if word in text}


async def readings(world: Any) -> set[tuple[str, str, str]]:
    async with world.database.reading() as session:
        rows = (await session.scalars(select(Reading))).all()
    return {(row.reader_id, row.owner_id, row.what) for row in rows}


async def change_manager(world: Any, *chosen: tuple[str, str]) -> None:
    """Otto holds Ann's check-ins since today; she showed him `chosen`."""
    today = world.clock.at.date()
    async with world.database.transaction() as session:
        await session.execute(update(Reporting).values(until=today))
        session.add(Reporting(person_id="person-ann", partner_id="person-otto", source="directory", since=today))
        session.add(
            Handover(
                id="handover",
                person_id="person-ann",
                former_id="person-mara",
                successor_id="person-otto",
                at=world.clock.at,
                answered_at=world.clock.at,
            )
        )
        await session.flush()
        for kind, item in chosen:
            session.add(ShownToSuccessor(handover_id="handover", kind=kind, item_id=item, shown_at=world.clock.at))


async def test_both_have_the_talk_with_its_date_partner_and_state(past: Any) -> None:
    for name, other in (("ann", "Mara Lind"), ("mara", "Ann Berg")):
        page = (await (await past.browser(name)).get("/history")).text
        assert f"{other}, Monday 10 December 2029" in page
        assert "You both said that you talked." in page
        assert "11 March" not in page, "it lies ahead"
    assert await readings(past) == set(), "a list of dates is no reading"


async def test_a_past_talk_stands_at_the_day_its_reader_lived_it(past: Any) -> None:
    """At 23:30 UTC on Sunday it is Monday in Sydney."""
    async with past.database.transaction() as session:
        at = datetime(2029, 12, 9, 23, 30, tzinfo=UTC)
        await session.execute(update(Booking).where(Booking.check_in_id == "old").values(start_at=at, end_at=at))
    await past.lives_in("ann", "Australia/Sydney")
    await past.lives_in("mara", "America/New_York")
    for name, day, not_then in (("ann", "Monday 10 Dec", "Sunday 9 Dec"), ("mara", "Sunday 9 Dec", "Monday 10 Dec")):
        browser = await past.browser(name)
        for page in (await browser.get("/history"), await browser.post("/history", data={"q": "lime"})):
            assert day in page.text
            assert not_then not in page.text


async def test_ones_own_last_word_stands_at_the_day_one_wrote_it(past: Any) -> None:
    async with past.database.transaction() as session:
        at = datetime(2029, 12, 9, 23, 30, tzinfo=UTC)
        await session.execute(update(Note).values(made_at=at))
    await past.lives_in("mara", "Australia/Sydney")
    await change_manager(past)
    assert "Monday 10 December 2029" in (await (await past.browser("mara")).get("/history")).text


@pytest.mark.parametrize("name", ["otto", "hale", "ira"])
async def test_whoever_had_no_talk_is_told_what_will_stand_there(past: Any, name: str) -> None:
    page = (await (await past.browser(name)).get("/history")).text
    assert "Nothing lies behind you yet" in page
    assert "Mara" not in page
    assert await found(past, name) == set()


async def test_each_finds_what_they_may_read_and_nothing_else(past: Any) -> None:
    assert await found(past, "ann") == ANN_READS
    assert await found(past, "mara") == MARA_READS


async def test_what_is_found_of_others_counts_as_read_and_ones_own_does_not(past: Any) -> None:
    await found(past, "mara", "tree")
    assert await readings(past) == {("person-mara", "person-ann", "notes/old")}
    await found(past, "mara", "shared")
    assert ("person-mara", "person-ann", "reflection/old") in await readings(past)
    before = await readings(past)
    await found(past, "ann", "private")
    await found(past, "mara", "no such word")
    assert await readings(past) == before


async def test_all_words_are_wanted_in_any_case(past: Any) -> None:
    assert await found(past, "ann", "TREE lime") == {ANNS_NOTE}
    assert await found(past, "ann", "tree answer") == set()
    assert await found(past, "ann", "l") == set()


async def test_an_answer_is_not_found_before_it_was_given_out(past: Any) -> None:
    async with past.database.transaction() as session:
        await session.execute(update(ReflectionRow).values(check_in_id="check-in-1"))
    assert SHARED not in await found(past, "mara")
    assert SHARED in await found(past, "ann")
    async with past.database.transaction() as session:
        content = '{"made_at": "2030-03-04T09:00:00Z", "ask": ["a", "b"]}'
        session.add(PreRead(check_in_id="check-in-1", booking_no=1, content=content, made_at=past.clock.at))
    assert SHARED in await found(past, "mara")


async def test_a_former_manager_keeps_their_own_words_and_nothing_else(past: Any) -> None:
    await change_manager(past)
    mara = await past.browser("mara")
    page = (await mara.get("/history")).text
    assert "Your own words." in page
    assert "You both said" not in page
    assert await found(past, "mara") == {MARAS_NOTE}
    assert await found(past, "ann") == ANN_READS
    async with past.database.transaction() as session:
        await session.execute(update(Note).where(Note.writer_id == "person-mara").values(writer_id="person-ann"))
    assert "December" not in (await mara.get("/history")).text


async def test_a_new_manager_has_what_was_chosen_and_nothing_else(past: Any) -> None:
    await change_manager(past)
    otto = await past.browser("otto")
    assert "December" not in (await otto.get("/history")).text
    assert await found(past, "otto") == set()


async def test_what_was_chosen_is_listed_and_found(past: Any) -> None:
    await change_manager(past, ("note", "n2"), ("answer", "a-learned"))
    page = (await (await past.browser("otto")).get("/history")).text
    assert "Ann Berg" not in page
    assert "Ann, before your time: Monday 10 December 2029" in page
    assert 'href="/handovers/handover"' in page
    assert await readings(past) == set()
    assert await found(past, "otto") == {MARAS_NOTE, SHARED}
    assert await readings(past) == {
        ("person-otto", "person-ann", "notes/old"),
        ("person-otto", "person-mara", "notes/old"),
        ("person-otto", "person-ann", "reflection/old"),
    }


async def test_what_is_looked_for_is_in_no_address_and_no_log(past: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ann = await past.browser("ann")
    form = (await ann.get("/history")).text
    assert re.search(r'<form[^>]* method="post" action="/history"', form)
    answer = await ann.post("/history", data={"q": "tree"})
    assert "tree" in answer.text
    assert "tree" not in str(answer.url)
    assert "tree" not in "\n".join(record.getMessage() for record in caplog.records if "httpcore" not in record.name)


async def test_html_that_is_found_is_text(past: Any) -> None:
    async with past.database.transaction() as session:
        (await session.get_one(Note, "n1")).text = "<img src=x> lime <b>"
    answer = await (await past.browser("ann")).post("/history", data={"q": "lime"})
    assert "<img src=x>" not in answer.text
    assert "&lt;img src=x&gt; <mark>lime</mark>" in answer.text


async def test_a_long_list_is_cut_and_the_rest_a_click_away(past: Any) -> None:
    async with past.database.transaction() as session:
        for number in range(60):
            session.add(
                CheckInRow(
                    id=f"more-{number}",
                    person_id="person-ann",
                    partner_id="person-mara",
                    period=0,
                    due_on=date(2020, 1, 1) + timedelta(days=number),
                    state="held",
                    policy_id="policy",
                    policy_revision=1,
                    opened_at=past.clock.at,
                )
            )
    ann = await past.browser("ann")
    assert (await ann.get("/history")).text.count('href="/check-ins/') == 40
    assert "21 older ones" in (await ann.get("/history")).text
    assert (await ann.get("/history?all=yes")).text.count('href="/check-ins/') == 61

"""Ann asks Otto for feedback: who sees what of it, what can be undone, and that advice never stands in the way."""

from typing import Any

import pytest
from sqlalchemy import select, update

from cycle.feedback import OPEN_FOR
from integrations.database.tables import FeedbackRequest, LetterItem, Person, Reading, Reporting

CANARY = "the heron nests behind the boathouse"
SAW = "on Tuesday you asked everybody first"


async def ask(world: Any, *names: str, about: str = "", who: str = "ann") -> Any:
    browser = await world.browser(who)
    fields = {f"name-{number}": name for number, name in enumerate(names, 1)}
    return await browser.post("/feedback", data=fields | {"about": about})


async def requests(world: Any) -> list[FeedbackRequest]:
    async with world.database.reading() as session:
        return list((await session.scalars(select(FeedbackRequest).order_by(FeedbackRequest.id))).all())


async def letters_leave(world: Any) -> None:
    async with world.database.transaction() as session:
        await session.execute(
            update(LetterItem).where(LetterItem.state == "waiting").values(state="sent", sent_at=world.clock.at)
        )


@pytest.fixture
async def asked(world: Any) -> str:
    """Ann has asked Otto, and the letter has left."""
    assert (await ask(world, "Otto Kern", about="the workshop")).status_code == 303
    await letters_leave(world)
    return str((await requests(world))[0].id)


async def write(world: Any, request: str, who: str = "otto", **fields: str) -> Any:
    return await (await world.browser(who)).post(f"/feedback/{request}/answer", data=fields)


async def post(world: Any, path: str, who: str) -> int:
    return int((await (await world.browser(who)).post(path, data={})).status_code)


async def shown(world: Any, path: str, who: str) -> str:
    return str((await (await world.browser(who)).get(path)).text)


async def read_by(world: Any) -> set[tuple[str, str]]:
    async with world.database.reading() as session:
        rows = (await session.scalars(select(Reading).where(Reading.what.startswith("feedback/")))).all()
    return {(row.reader_id, row.owner_id) for row in rows}


# Asking


async def test_up_to_three_are_asked_by_one_letter_each(world: Any) -> None:
    answer = await ask(world, "otto kern", "HALE@example.org", about="the workshop")
    assert (answer.status_code, answer.headers["location"]) == (303, "/feedback?done=asked")
    async with world.database.reading() as session:
        items = (await session.scalars(select(LetterItem))).all()
    assert {(item.recipient_id, item.kind, item.state) for item in items} == {
        ("person-otto", "feedback_request", "waiting"),
        ("person-hale", "feedback_request", "waiting"),
    }
    assert {item.expires_at for item in items} == {world.clock.at + OPEN_FOR}
    assert ("Postbox", "person-otto") in world.pokes.made
    assert CANARY not in str([item.key for item in items])


async def test_a_form_sent_twice_asks_once(world: Any) -> None:
    await ask(world, "Otto Kern", about="the workshop")
    assert (await ask(world, "Otto Kern", about="the workshop")).status_code == 303
    assert len(await requests(world)) == 1


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("Otto",), "Nobody here is called “Otto”"),
        (("Nobody Atall",), "Nobody here is called"),
        (("Ann Berg",), "That is you"),
        ((), "at least one colleague"),
    ],
)
async def test_whom_nobody_knows_is_said_beside_the_form_and_nobody_is_asked(
    world: Any, names: tuple[str, ...], said: str
) -> None:
    answer = await ask(world, *names, about=CANARY)
    assert answer.status_code == 422
    assert said in answer.text
    assert CANARY in answer.text, "what was typed is still there"
    assert await requests(world) == []


async def test_one_wrong_name_asks_nobody(world: Any) -> None:
    assert (await ask(world, "Otto Kern", "Nobody Atall")).status_code == 422
    assert await requests(world) == []


async def test_no_more_than_three_are_open_at_a_time(world: Any) -> None:
    await ask(world, "Otto Kern", "Hale Roth", "Ira Voss")
    assert (await ask(world, "Mara Lind")).status_code == 422
    assert "name-1" not in await shown(world, "/feedback", "ann")
    world.clock.at += OPEN_FOR
    assert (await ask(world, "Mara Lind")).status_code == 303


async def test_who_has_left_cannot_be_asked(world: Any) -> None:
    async with world.database.transaction() as session:
        await session.execute(update(Person).where(Person.id == "person-otto").values(left_at=world.clock.at))
    assert (await ask(world, "Otto Kern")).status_code == 422


async def test_there_is_no_list_of_people_to_look_through(world: Any) -> None:
    page = await shown(world, "/feedback", "ann")
    assert not [name for name in ("Otto", "Hale", "Ira") if name in page]


# Undoing


async def test_a_request_is_undone_before_its_letter_leaves_and_nobody_hears_of_it(world: Any) -> None:
    await ask(world, "Otto Kern")
    request = (await requests(world))[0].id
    assert await post(world, f"/feedback/{request}/undo", "otto") == 404
    assert await post(world, f"/feedback/{request}/undo", "ann") == 303
    async with world.database.reading() as session:
        (item,) = (await session.scalars(select(LetterItem))).all()
    assert (item.state, item.dropped_because) == ("dropped", "taken back")
    assert "Otto" not in await shown(world, "/feedback", "ann")
    assert (await (await world.browser("otto")).get(f"/feedback/{request}")).status_code == 404


async def test_a_letter_that_has_left_cannot_be_undone(world: Any, asked: str) -> None:
    assert "/undo" not in await shown(world, "/feedback", "ann")
    assert await post(world, f"/feedback/{asked}/undo", "ann") == 422


async def test_a_colleague_sees_nothing_before_the_letter(world: Any) -> None:
    await ask(world, "Otto Kern")
    request = (await requests(world))[0].id
    assert "Ann" not in await shown(world, "/feedback", "otto")
    assert (await write(world, request, behaviour=SAW)).status_code == 404


# Answering


async def test_one_field_is_enough_and_the_asker_alone_reads_it(world: Any, asked: str) -> None:
    assert (await write(world, asked, behaviour="", impact="  ")).status_code == 422
    assert (await write(world, asked, impact=CANARY)).status_code == 303
    assert CANARY in await shown(world, f"/feedback/{asked}", "ann")
    assert CANARY in await shown(world, f"/feedback/{asked}", "otto"), "who wrote it sees what they wrote"
    for name in ("mara", "hale", "ira"):
        answer = await (await world.browser(name)).get(f"/feedback/{asked}")
        assert (answer.status_code, CANARY in answer.text) == (404, False)
        assert "Otto" not in await shown(world, "/feedback", name)
    assert CANARY not in await shown(world, "/feedback", "ann"), "a list is no reading"
    asked_about = ("person-otto", "person-ann")
    assert await read_by(world) == {("person-ann", "person-otto"), asked_about}


async def test_nobody_else_can_answer(world: Any, asked: str) -> None:
    for name in ("ann", "mara", "hale"):
        assert (await write(world, asked, who=name, behaviour=SAW)).status_code == 404
        assert await post(world, f"/feedback/{asked}/decline", name) == 404


async def test_what_was_written_changes_until_it_is_read(world: Any, asked: str) -> None:
    await write(world, asked, behaviour="first")
    assert (await write(world, asked, behaviour="second")).status_code == 303
    page = await shown(world, f"/feedback/{asked}", "ann")
    assert "second" in page
    assert "first" not in page
    assert (await write(world, asked, behaviour="third")).status_code == 422
    assert await post(world, f"/feedback/{asked}/withdraw", "otto") == 422
    assert "third" not in await shown(world, f"/feedback/{asked}", "ann")


async def test_what_is_taken_back_unread_is_gone(world: Any, asked: str) -> None:
    await write(world, asked, behaviour=CANARY)
    assert await post(world, f"/feedback/{asked}/withdraw", "otto") == 303
    (row,) = await requests(world)
    assert (row.state, row.behaviour) == ("asked", None)
    assert (await (await world.browser("ann")).get(f"/feedback/{asked}")).status_code == 404


async def test_the_asker_cannot_tell_declined_from_silent(world: Any, asked: str) -> None:
    silent = await shown(world, "/feedback", "ann")
    assert await post(world, f"/feedback/{asked}/decline", "otto") == 303
    assert await shown(world, "/feedback", "ann") == silent
    world.clock.at += OPEN_FOR
    assert "no answer" in await shown(world, "/feedback", "ann")
    assert "no answer yet" not in await shown(world, "/feedback", "ann")


async def test_who_declined_can_still_write(world: Any, asked: str) -> None:
    await post(world, f"/feedback/{asked}/decline", "otto")
    assert (await write(world, asked, behaviour=SAW)).status_code == 303


async def test_after_three_weeks_a_question_is_closed(world: Any, asked: str) -> None:
    world.clock.at += OPEN_FOR
    assert (await write(world, asked, behaviour=SAW)).status_code == 422
    assert "textarea" not in await shown(world, f"/feedback/{asked}", "otto")


# Advice


async def test_a_judgement_gets_advice_first_and_is_sent_as_it_is_when_its_writer_says_so(
    world: Any, asked: str
) -> None:
    judged = {"behaviour": "You are lazy", "impact": CANARY}
    first = await write(world, asked, **judged)
    assert first.status_code == 200
    assert "speaks about who somebody is" in first.text
    assert "You are lazy" in first.text
    assert CANARY in first.text, "nothing typed is lost"
    assert (await requests(world))[0].state == "asked"
    assert (await write(world, asked, **judged, do="as-is")).status_code == 303
    assert (await requests(world))[0].behaviour == "You are lazy"


async def test_changed_words_go_out_without_advice(world: Any, asked: str) -> None:
    await write(world, asked, behaviour="You are lazy")
    assert (await write(world, asked, behaviour=SAW, do="send")).status_code == 303


async def test_advice_is_given_in_german_for_german(world: Any, asked: str) -> None:
    browser = await world.browser("otto")
    await browser.post("/language", data={"language": "de", "back": "/"})
    answer = await browser.post(f"/feedback/{asked}/answer", data={"behaviour": "Du bist faul"})
    assert "„Du bist faul“ sagt, wie jemand ist." in answer.text


# What waits


async def test_home_says_what_waits_for_each_of_the_two_and_not_for_long(world: Any, asked: str) -> None:
    assert "Ann would value your view" in await shown(world, "/", "otto")
    assert "/feedback/" not in await shown(world, "/", "ann")
    await write(world, asked, behaviour=CANARY)
    assert "Ann would value your view" not in await shown(world, "/", "otto")
    assert "Otto has written to you" in await shown(world, "/", "ann")
    await shown(world, f"/feedback/{asked}", "ann")
    assert "Otto has written to you" not in await shown(world, "/", "ann")


# Sharing


@pytest.fixture
async def answered(world: Any, asked: str) -> str:
    await write(world, asked, behaviour=CANARY)
    return asked


async def test_the_asker_shows_an_answer_to_their_manager_and_can_take_that_back(world: Any, answered: str) -> None:
    assert await post(world, f"/feedback/{answered}/show", "ann") == 404, "not before reading it"
    await shown(world, f"/feedback/{answered}", "ann")
    for name in ("otto", "mara", "hale"):
        assert await post(world, f"/feedback/{answered}/show", name) == 404
    assert await post(world, f"/feedback/{answered}/show", "ann") == 303
    assert f"/feedback/{answered}" in await shown(world, "/check-ins/check-in-1", "mara")
    assert CANARY not in await shown(world, "/check-ins/check-in-1", "mara"), "only that it is there"
    assert CANARY in await shown(world, f"/feedback/{answered}", "mara")
    assert CANARY not in await shown(world, f"/feedback/{answered}", "hale")
    assert ("person-mara", "person-otto") in await read_by(world)
    assert ("person-mara", "person-ann") in await read_by(world)
    assert await post(world, f"/feedback/{answered}/hide", "ann") == 303
    assert CANARY not in await shown(world, f"/feedback/{answered}", "mara")
    assert f"/feedback/{answered}" not in await shown(world, "/check-ins/check-in-1", "mara")


async def test_another_manager_is_shown_nothing_by_a_share_with_the_former_one(world: Any, answered: str) -> None:
    await shown(world, f"/feedback/{answered}", "ann")
    await post(world, f"/feedback/{answered}/show", "ann")
    today = world.clock.at.date()
    async with world.database.transaction() as session:
        await session.execute(update(Reporting).values(until=today))
        session.add(Reporting(person_id="person-ann", partner_id="person-hale", source="directory", since=today))
    for name in ("mara", "hale"):
        assert CANARY not in await shown(world, f"/feedback/{answered}", name)
    assert "You alone" in await shown(world, f"/feedback/{answered}", "ann")


# Both languages


@pytest.mark.parametrize(("language", "words"), [("en", "Ask colleagues"), ("de", "Um Feedback bitten")])
async def test_the_page_says_what_to_do_when_nothing_is_there(world: Any, language: str, words: str) -> None:
    browser = await world.browser("ann")
    await browser.post("/language", data={"language": language, "back": "/"})
    assert words in (await browser.get("/feedback")).text


async def test_what_was_changed_too_late_is_shown_again(world: Any, asked: str) -> None:
    """Ann reads it while Otto still changes it: his new words are not kept, but not lost either."""
    await write(world, asked, behaviour=SAW, impact="we were done by noon", next_step="again")
    await shown(world, f"/feedback/{asked}", "ann")
    answer = await write(world, asked, behaviour=CANARY, impact="", next_step="", do="as-is")
    assert answer.status_code == 422
    assert "Ann has read it: it stays as it is." in answer.text
    assert CANARY in answer.text
    assert CANARY not in await shown(world, f"/feedback/{asked}", "ann")

"""Asking for feedback on both kinds of database, and what is kept of it."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text

from cycle.actions import Refused
from cycle.feedback import MOST_OPEN, Answer
from integrations.database.connection import Database
from integrations.database.feedback import answer_request, ask_colleagues, feedback_for, letter_key
from integrations.database.tables import FeedbackRequest, LetterItem, Person

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
CANARY = "the heron nests behind the boathouse"


async def ask(company: Database, *names: str) -> None:
    async with company.transaction() as session:
        await ask_colleagues(session, "ann", names, CANARY, MONDAY)


async def requests(company: Database) -> list[FeedbackRequest]:
    async with company.reading() as session:
        return list((await session.scalars(select(FeedbackRequest))).all())


async def test_two_forms_at_the_same_moment_ask_no_more_than_three(company: Database) -> None:
    async with company.transaction() as session:
        session.add(Person(id="nora", oid="n", mail="nora@meadow.example", name="Nora", zone="Europe/Berlin"))
    done = await asyncio.gather(ask(company, "Mara", "Hale"), ask(company, "Otto", "Nora"), return_exceptions=True)
    assert [type(each) for each in done if each] == [Refused]
    assert len(await requests(company)) <= MOST_OPEN


async def test_nothing_that_was_written_can_be_read_in_the_file(company: Database) -> None:
    await ask(company, "Mara")
    (row,) = await requests(company)
    async with company.transaction() as session:
        (await session.get_one(LetterItem, letter_key(row))).state = "sent"
    async with company.transaction() as session:
        await answer_request(session, row.id, "mara", Answer(CANARY, CANARY, CANARY), MONDAY)
    async with company.reading() as session:
        view = await feedback_for(session, row.id, "ann", MONDAY)
        stored = (await session.execute(text("SELECT * FROM feedback_requests"))).one()
    assert view is not None
    assert view.answer == Answer(CANARY, CANARY, CANARY)
    assert CANARY.encode() not in b"".join(bytes(each) for each in stored if isinstance(each, (bytes, memoryview)))
    assert CANARY not in str(stored)


@pytest.mark.parametrize("reader", ["hale", "otto", "ira", "nobody"])
async def test_it_is_there_for_its_two_and_nobody_else(company: Database, reader: str) -> None:
    await ask(company, "Mara")
    (row,) = await requests(company)
    async with company.reading() as session:
        assert await feedback_for(session, row.id, reader, MONDAY) is None
        assert await feedback_for(session, "missing", "ann", MONDAY) is None

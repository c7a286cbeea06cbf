"""A form counts once; which ones were sent is forgotten after two days, a few at a time."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from integrations.database.connection import Database
from integrations.database.posted import FORGOTTEN_AT_ONCE, KEPT_FOR, first_posted
from integrations.database.tables import PostedForm

NOW = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)


async def post(company: Database, token: str, now: datetime = NOW, who: str = "ann") -> bool:
    async with company.transaction() as session:
        return await first_posted(session, who, "/plan/goals", {"form_token": token}, now)


async def sent_at(company: Database) -> list[datetime]:
    async with company.reading() as session:
        return list((await session.scalars(select(PostedForm.at).order_by(PostedForm.at))).all())


async def test_a_form_sent_again_within_two_days_adds_nothing(company: Database) -> None:
    assert await post(company, "one")
    assert not await post(company, "one", NOW + KEPT_FOR)
    assert await post(company, "one", NOW, "mara"), "another's form is another form"


async def test_a_new_form_makes_those_of_more_than_two_days_ago_forgotten_whosever_they_are(company: Database) -> None:
    edge = NOW + timedelta(minutes=1)
    await post(company, "old")
    await post(company, "theirs", NOW, "mara")
    await post(company, "kept", edge)
    await post(company, "new", edge + KEPT_FOR)
    assert await sent_at(company) == [edge, edge + KEPT_FOR]
    assert await post(company, "old", edge + KEPT_FOR), "nothing is known of it any more"


async def test_a_form_that_counts_already_forgets_nothing(company: Database) -> None:
    await post(company, "old")
    await post(company, "kept", NOW + timedelta(days=1))
    assert not await post(company, "kept", NOW + timedelta(days=2, minutes=1))
    assert len(await sent_at(company)) == 2


async def test_one_post_forgets_no_more_than_a_few_and_the_oldest_first(company: Database) -> None:
    async with company.transaction() as session:
        for number in range(FORGOTTEN_AT_ONCE + 5):
            session.add(PostedForm(person_id="ann", form=str(number), at=NOW + timedelta(seconds=number)))
    later = NOW + timedelta(days=3)
    await post(company, "new", later)
    left = [NOW + timedelta(seconds=FORGOTTEN_AT_ONCE + number) for number in range(5)]
    assert await sent_at(company) == [*left, later]
    await post(company, "newer", later)
    assert await sent_at(company) == [later, later]

"""Everybody sees the ways; what of them is Ann's own is shown to nobody but whom the page named before the click."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from activities.pre_reads import make_snapshot
from config.pathway_files import EXAMPLE, read_pathways
from cycle.policy import Policy
from integrations.database.check_ins import check_in
from integrations.database.tables import (
    Booking,
    CheckInRow,
    Enrolment,
    InterestRow,
    PathwayLine,
    PathwaysRevision,
    Person,
    PolicyRevision,
    PreRead,
    Reading,
    Reporting,
    RoleOfPerson,
)

ROLE, OPENING = "role/senior-analyst", "opening/pricing-senior-analyst"
EVERYBODY = ("ann", "mara", "hale", "otto", "ira")


@pytest.fixture
async def ways(world: Any) -> Any:
    """HR has imported the shipped example."""
    read = read_pathways([(EXAMPLE.name, EXAMPLE.read_text(encoding="utf-8"))])
    document = read.catalogue.model_dump(mode="json")
    async with world.database.transaction() as session:
        session.add(PathwaysRevision(number=1, document=document, made_at=world.clock.at))
    return world


async def set_policy(world: Any, visible_to: str, *, number: int = 2) -> None:
    document = Policy.model_validate({"name": "x", "pathways": {"interest_visible_to": visible_to}})
    async with world.database.transaction() as session:
        if await session.get(Enrolment, "person-ann") is None:
            for name in EVERYBODY:
                session.add(Enrolment(person_id=f"person-{name}", policy_id="policy", enrolled_at=world.clock.at))
        session.add(
            PolicyRevision(
                policy_id="policy", number=number, document=document.model_dump(mode="json"), made_at=world.clock.at
            )
        )


async def post(world: Any, path: str, who: str = "ann", **fields: str) -> int:
    return int((await (await world.browser(who)).post(path, data=fields)).status_code)


async def shown(world: Any, path: str, who: str = "ann") -> str:
    return str((await (await world.browser(who)).get(path)).text)


async def interests(world: Any) -> list[InterestRow]:
    async with world.database.reading() as session:
        return list((await session.scalars(select(InterestRow))).all())


async def all_of(world: Any, table: Any) -> list[Any]:
    async with world.database.reading() as session:
        return list((await session.scalars(select(table))).all())


# The ways


@pytest.mark.parametrize(("language", "words"), [("en", "Your HR team can bring in"), ("de", "Dein HR-Team kann")])
async def test_without_an_import_the_page_says_what_would_help(world: Any, language: str, words: str) -> None:
    browser = await world.browser("ann")
    await browser.post("/language", data={"language": language, "back": "/"})
    assert words in (await browser.get("/pathways")).text


async def test_everybody_sees_the_ladders_and_a_role(ways: Any) -> None:
    for name in EVERYBODY:
        assert "Principal analyst" in await shown(ways, "/pathways", name)
        assert "Owns the numbers of a whole area" in await shown(ways, "/pathways/roles/senior-analyst", name)
    assert (await (await ways.browser("ann")).get("/pathways/roles/nothing")).status_code == 404
    assert (await (await ways.browser()).get("/pathways")).status_code == 303


async def test_a_role_page_tells_levels_ways_and_closing_days(ways: Any) -> None:
    page = await shown(ways, "/pathways/roles/senior-analyst")
    assert "level 2 of 4" in page
    assert "open until 29 March" in page
    for role in ("principal-analyst", "analytics-lead", "analyst"):
        assert f'href="/pathways/roles/{role}"' in page


async def test_my_own_role_is_marked_and_its_openings_are_shown_to_me_alone(ways: Any) -> None:
    assert "you are here" not in await shown(ways, "/pathways")
    assert await post(ways, "/pathways/role", role="analyst") == 303
    page = await shown(ways, "/pathways")
    assert page.count("you are here") == 2, "on both of its tracks"
    assert "Put it on the page for my talk with Mara" in page
    assert "opens on 18 March" in page
    for name in ("mara", "hale", "otto"):
        assert "you are here" not in await shown(ways, "/pathways", name)


async def test_a_role_can_be_taken_back_and_must_be_one_of_the_roles(ways: Any) -> None:
    assert await post(ways, "/pathways/role", role="emperor") == 404
    await post(ways, "/pathways/role", role="analyst")
    assert await post(ways, "/pathways/role", role="") == 303
    assert await all_of(ways, RoleOfPerson) == []


async def test_closed_openings_are_gone_from_every_page(ways: Any) -> None:
    await post(ways, "/pathways/interests", about=OPENING, told="nobody")
    assert "Pricing, Hamburg" in await shown(ways, "/pathways/roles/senior-analyst")
    ways.clock.at += timedelta(days=26)
    assert "Pricing, Hamburg" not in await shown(ways, "/pathways/roles/senior-analyst")


# Interests


async def test_an_interest_is_once_and_ones_own_and_is_taken_back(ways: Any) -> None:
    for _ in range(2):
        assert await post(ways, "/pathways/interests", about=ROLE, told="nobody") == 303
    (row,) = await interests(ways)
    assert "interests you" in await shown(ways, "/pathways/roles/senior-analyst")
    for name in ("mara", "hale", "otto", "ira"):
        assert await post(ways, f"/pathways/interests/{row.id}/remove", name) == 404
        assert "Ann" not in await shown(ways, "/pathways/shown", name)
    assert await post(ways, f"/pathways/interests/{row.id}/remove") == 303
    assert await interests(ways) == []


async def test_nothing_that_is_not_offered_can_interest(ways: Any) -> None:
    assert await post(ways, "/pathways/interests", about="role/emperor", told="nobody") == 404
    assert await interests(ways) == []


async def test_which_role_interests_somebody_cannot_be_read_in_the_file(ways: Any) -> None:
    await post(ways, "/pathways/interests", about="role/principal-analyst", told="nobody")
    async with ways.database.engine.connect() as connection:
        stored = (await connection.exec_driver_sql("SELECT about FROM interests")).scalar_one()
    assert b"principal" not in stored


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("nobody", "Only you see it, unless you show it to somebody yourself."),
        ("partner", "You and Mara see it. HR does not."),
        ("hr_from_five", "Only you see it. HR sees no names, only how many, from 5 people on."),
        ("partner_and_hr", "You and Mara see it. HR sees no names, only how many, from 5 people on."),
    ],
)
async def test_the_page_says_who_will_see_an_interest_before_it_is_said(ways: Any, policy: str, said: str) -> None:
    await set_policy(ways, policy)
    page = await shown(ways, "/pathways/roles/principal-analyst")
    assert said in page
    assert f'name="told" value="{policy}"' in page
    await post(ways, "/pathways/interests", about=ROLE, told=policy)
    assert ("Senior analyst" in await shown(ways, "/pathways/shown", "mara")) == policy.startswith("partner")
    assert "Senior analyst" not in await shown(ways, "/pathways/shown", "otto")
    assert "Senior analyst" not in await shown(ways, "/hr/pathways", "hale"), "one person is no group"


async def test_a_policy_that_opens_up_shows_nothing_that_was_said_before(ways: Any) -> None:
    await set_policy(ways, "nobody")
    await post(ways, "/pathways/interests", about=ROLE, told="nobody")
    await set_policy(ways, "partner_and_hr", number=3)
    assert "Senior analyst" not in await shown(ways, "/pathways/shown", "mara")


async def test_a_policy_that_closes_hides_at_once_what_was_said_before(ways: Any) -> None:
    await set_policy(ways, "partner")
    await post(ways, "/pathways/interests", about=ROLE, told="partner")
    await set_policy(ways, "nobody", number=3)
    assert "Senior analyst" not in await shown(ways, "/pathways/shown", "mara")


async def test_a_page_that_was_open_while_the_policy_changed_shows_it_to_nobody(ways: Any) -> None:
    await set_policy(ways, "partner")
    await post(ways, "/pathways/interests", about=ROLE, told="nobody")
    assert "Senior analyst" not in await shown(ways, "/pathways/shown", "mara")


async def test_one_can_show_an_interest_to_ones_manager_and_no_longer(ways: Any) -> None:
    await post(ways, "/pathways/interests", about=ROLE, told="nobody")
    (row,) = await interests(ways)
    assert await post(ways, f"/pathways/interests/{row.id}/show", "mara") == 404
    assert await post(ways, f"/pathways/interests/{row.id}/show") == 303
    assert "Senior analyst" in await shown(ways, "/pathways/shown", "mara")
    (reading,) = await all_of(ways, Reading)
    assert (reading.reader_id, reading.owner_id, reading.what) == ("person-mara", "person-ann", f"interest/{row.id}")
    assert await post(ways, f"/pathways/interests/{row.id}/hide") == 303
    assert "Senior analyst" not in await shown(ways, "/pathways/shown", "mara")


async def test_another_manager_sees_nothing_of_what_the_former_one_saw(ways: Any) -> None:
    await set_policy(ways, "partner")
    await post(ways, "/pathways/interests", about=ROLE, told="partner")
    await post(ways, f"/pathways/interests/{(await interests(ways))[0].id}/show")
    today = ways.clock.at.date()
    async with ways.database.transaction() as session:
        await session.execute(update(Reporting).values(until=today))
        session.add(Reporting(person_id="person-ann", partner_id="person-otto", source="directory", since=today))
    for name in ("mara", "otto"):
        assert "Senior analyst" not in await shown(ways, "/pathways/shown", name)


# HR's numbers


async def five_are_interested(ways: Any, *, number: int = 5) -> None:
    async with ways.database.transaction() as session:
        for each in range(number):
            at = f"{each}@example.org"
            session.add(Person(id=f"p{each}", oid=at, mail=at, name=f"Name{each} X", zone="Europe/Berlin", away=[]))
            await session.flush()
            session.add(Enrolment(person_id=f"p{each}", policy_id="policy", enrolled_at=ways.clock.at))
            session.add(InterestRow(person_id=f"p{each}", about=ROLE, told="hr_from_five", made_at=ways.clock.at))


async def test_hr_sees_how_many_from_five_on_and_from_the_next_month(ways: Any) -> None:
    await set_policy(ways, "hr_from_five")
    await five_are_interested(ways)
    assert "Senior analyst" not in await shown(ways, "/hr/pathways", "hale")
    ways.clock.at += timedelta(days=30)
    page = await shown(ways, "/hr/pathways", "hale")
    assert "<td>5</td>" in page
    assert "Name0" not in page
    assert (await (await ways.browser("mara")).get("/hr/pathways")).status_code == 404


async def test_hr_sees_nothing_of_four(ways: Any) -> None:
    await set_policy(ways, "hr_from_five")
    await five_are_interested(ways, number=4)
    ways.clock.at += timedelta(days=30)
    assert "Senior analyst" not in await shown(ways, "/hr/pathways", "hale")


# The pre-read


async def test_an_opening_enters_the_pre_read_when_it_is_put_there_and_can_be_taken_out(ways: Any) -> None:
    for _ in range(2):
        assert await post(ways, "/pathways/pre-read", about=OPENING) == 303
    (line,) = await all_of(ways, PathwayLine)
    assert (line.check_in_id, line.about) == ("check-in-1", OPENING)
    page = await shown(ways, "/pathways/roles/senior-analyst")
    assert "on the page for your talk with Mara" in page
    assert await interests(ways) == [], "it is not an interest for that"
    assert await post(ways, "/pathways/pre-read", about=OPENING, do="out") == 303
    assert await all_of(ways, PathwayLine) == []


async def test_there_is_room_for_two(ways: Any) -> None:
    for about in (ROLE, OPENING):
        await post(ways, "/pathways/pre-read", about=about)
    assert await post(ways, "/pathways/pre-read", about="role/analytics-lead") == 422
    assert await post(ways, "/pathways/pre-read", about="role/emperor") == 404


async def test_what_has_left_with_the_pre_read_stays(ways: Any) -> None:
    await post(ways, "/pathways/pre-read", about=OPENING)
    async with ways.database.transaction() as session:
        session.add(PreRead(check_in_id="check-in-1", booking_no=1, content="{}", made_at=ways.clock.at))
    assert await post(ways, "/pathways/pre-read", about=OPENING, do="out") == 422
    assert await post(ways, "/pathways/pre-read", about=ROLE) == 422
    assert "Take it out" not in await shown(ways, "/pathways/roles/senior-analyst")


async def test_without_a_check_in_ahead_there_is_nothing_to_put_it_into(ways: Any) -> None:
    async with ways.database.transaction() as session:
        await session.execute(update(CheckInRow).values(state="cancelled"))
        await session.execute(update(Booking).values(state="cancelled"))
    assert await post(ways, "/pathways/pre-read", about=OPENING) == 422
    assert "Put it on the page" not in await shown(ways, "/pathways/roles/senior-analyst")


async def test_another_partner_gets_nothing_that_was_meant_for_the_former_talk(ways: Any) -> None:
    await post(ways, "/pathways/pre-read", about=OPENING)
    async with ways.database.transaction() as session:
        await session.execute(update(CheckInRow).values(state="cancelled"))
        session.add(
            CheckInRow(
                id="check-in-2",
                person_id="person-ann",
                partner_id="person-otto",
                kind="handover",
                period=1,
                due_on=date(2030, 3, 25),
                policy_id="policy",
                policy_revision=1,
                opened_at=ways.clock.at,
            )
        )
    assert "Put it on the page for my talk with Otto" in await shown(ways, "/pathways/roles/senior-analyst")


async def test_the_page_of_the_talk_shows_what_was_put_into_the_pre_read_and_no_interest(ways: Any) -> None:
    await post(ways, "/pathways/interests", about="role/analytics-lead", told="nobody")
    await post(ways, "/pathways/pre-read", about=OPENING)
    async with ways.database.transaction() as session:
        pair = await check_in(session, "check-in-1")
        snapshot = await make_snapshot(session, pair, Policy(name="x"), ways.clock.at)
        content = snapshot.model_dump_json()
        session.add(PreRead(check_in_id="check-in-1", booking_no=1, content=content, made_at=ways.clock.at))
    for name in ("ann", "mara"):
        page = await shown(ways, "/check-ins/check-in-1", name)
        assert "Senior analyst, Pricing, Hamburg or from anywhere (until 29 March)" in page
        assert "Analytics lead" not in page

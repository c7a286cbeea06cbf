"""The page of one action: who sees it, what its owner can do, and that a mailed link changes nothing."""

from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from integrations.database.actions import make_action
from integrations.database.tables import ActionEvent, ActionRow, NeedsAHand, Person, Reading, Reporting

HTML = "<script>alert('x')</script> & \"more\""


async def make(world: Any, owner: str = "ann", maker: str | None = None, **others: Any) -> str:
    facts: dict[str, Any] = {
        "check_in_id": world.check_in_id,
        "plan_person_id": world.id_of("ann"),
        "owner_id": world.id_of(owner),
        "made_by_id": world.id_of(maker or owner),
        "title": "Present it once",
        "success": None,
        "modality": "stretch",
        "due_on": date(2030, 3, 25),
        "private": False,
        "form_token": None,
        "now": world.clock.at,
    }
    async with world.database.transaction() as session:
        return await make_action(session, **{**facts, **others})


async def row_of(world: Any, action_id: str) -> ActionRow:
    async with world.database.reading() as session:
        row = await session.get_one(ActionRow, action_id)
        assert isinstance(row, ActionRow)
        return row


async def events_of(world: Any, action_id: str) -> list[str]:
    async with world.database.reading() as session:
        asked = select(ActionEvent.what).where(ActionEvent.action_id == action_id).order_by(ActionEvent.id)
        return list((await session.scalars(asked)).all())


async def press(browser: httpx.AsyncClient, action_id: str, what: str, **typed: str) -> httpx.Response:
    return await browser.post(f"/actions/{action_id}/{what}", data=typed)


async def test_following_a_mailed_link_changes_nothing(world: Any) -> None:
    action_id = await make(world)
    browser = await world.browser("ann")
    for choose in ("done", "new-date", "help", "drop", "snooze", "nonsense", ""):
        answer = await browser.get(f"/actions/{action_id}", params={"choose": choose})
        assert answer.status_code == 200
    assert await events_of(world, action_id) == ["made"]


@pytest.mark.parametrize("choose", ["done", "new-date", "help", "drop"])
async def test_a_mailed_link_shows_the_form_that_does_it(world: Any, choose: str) -> None:
    action_id = await make(world)
    browser = await world.browser("ann")
    answer = await browser.get(f"/actions/{action_id}", params={"choose": choose})
    assert f'method="post" action="/actions/{action_id}/{choose}"' in answer.text


async def test_each_button_does_what_it_says_once_however_often_it_is_pressed(world: Any) -> None:
    action_id = await make(world)
    browser = await world.browser("ann")
    for what, typed in (
        ("progress", {}),
        ("new-date", {"due_on": "2030-04-30"}),
        ("snooze", {"days": "7"}),
        ("help", {"whom": "partner", "note": "Who knows the API?"}),
        ("done", {}),
    ):
        for _ in range(2):
            answer = await press(browser, action_id, what, **typed)
            assert (answer.status_code, answer.headers.get("location")) in (
                (303, f"/actions/{action_id}"),
                (422, None),
            )
    assert await events_of(world, action_id) == [
        "made",
        "progress",
        "new_date",
        "snoozed",
        "asked_help",
        "done",
    ]
    row = await row_of(world, action_id)
    assert (row.state, row.due_on) == ("done", date(2030, 4, 30))
    assert ("ActionChase", action_id) in world.pokes.made


async def test_another_persons_proposal_can_be_taken_on_with_another_date(world: Any) -> None:
    action_id = await make(world, "ann", maker="mara")
    browser = await world.browser("ann")
    assert "Will you take this on?" in (await browser.get(f"/actions/{action_id}")).text
    await press(browser, action_id, "accept", due_on="2030-04-02")
    row = await row_of(world, action_id)
    assert row.accepted_at is not None
    assert row.due_on == date(2030, 4, 2)


async def test_the_third_new_date_asks_whether_it_is_still_the_right_goal(world: Any) -> None:
    action_id = await make(world)
    browser = await world.browser("ann")
    for n, month in enumerate((4, 5, 6)):
        answer = await browser.get(f"/actions/{action_id}?choose=new-date")
        assert ("still the right goal" in answer.text) is (n == 2)
        await press(browser, action_id, "new-date", due_on=f"2030-0{month}-20")


@pytest.mark.parametrize(
    ("what", "typed"),
    [
        ("new-date", {"due_on": "soon"}),
        ("new-date", {}),
        ("new-date", {"due_on": "2030-03-04"}),
        ("new-date", {"due_on": "2040-03-04"}),
        ("snooze", {"days": "5"}),
        ("snooze", {"days": "-3"}),
        ("snooze", {}),
        ("help", {"whom": "everybody"}),
        ("help", {}),
    ],
)
async def test_what_does_not_fit_gets_a_sentence_and_changes_nothing(
    world: Any, what: str, typed: dict[str, str]
) -> None:
    action_id = await make(world)
    answer = await press(await world.browser("ann"), action_id, what, **typed)
    assert answer.status_code == 422
    assert await events_of(world, action_id) == ["made"]


async def test_a_refused_call_for_help_shows_what_was_written(world: Any) -> None:
    action_id = await make(world)
    answer = await press(await world.browser("ann"), action_id, "help", whom="", note="Who knows the API?")
    assert "Who knows the API?" in answer.text


async def test_those_without_a_part_in_it_get_the_page_of_one_that_does_not_exist(world: Any) -> None:
    action_id = await make(world)
    for name in ("otto", "hale", "ira"):
        browser = await world.browser(name)
        theirs = await browser.get(f"/actions/{action_id}")
        nowhere = await browser.get("/actions/no-such")
        assert theirs.status_code == nowhere.status_code == 404
        assert theirs.text == nowhere.text
        assert (await press(browser, action_id, "done")).status_code == 404
    assert await events_of(world, action_id) == ["made"]


async def test_mara_reads_anns_action_but_moves_nothing_and_ann_learns_who_read(world: Any) -> None:
    action_id = await make(world)
    browser = await world.browser("mara")
    answer = await browser.get(f"/actions/{action_id}?choose=done")
    assert "Present it once" in answer.text
    assert "/done" not in answer.text
    for what in ("accept", "done", "drop", "progress"):
        assert (await press(browser, action_id, what)).status_code == 404
    assert (await press(browser, action_id, "snooze", days="7")).status_code == 404
    assert (await press(browser, action_id, "new-date", due_on="2030-05-01")).status_code == 404
    assert await events_of(world, action_id) == ["made"]
    async with world.database.reading() as session:
        readings = (await session.scalars(select(Reading))).all()
    assert [(one.reader_id, one.owner_id, one.what) for one in readings] == [
        (world.id_of("mara"), world.id_of("ann"), f"action/{action_id}")
    ]


async def test_what_ann_keeps_to_herself_is_a_missing_page_for_mara(world: Any) -> None:
    action_id = await make(world, private=True)
    assert (await (await world.browser("mara")).get(f"/actions/{action_id}")).status_code == 404
    assert 'value="partner"' not in (await (await world.browser("ann")).get(f"/actions/{action_id}?choose=help")).text


async def test_mara_learns_of_neither_a_snooze_nor_a_call_to_hr(world: Any) -> None:
    action_id = await make(world)
    ann = await world.browser("ann")
    await press(ann, action_id, "snooze", days="7")
    await press(ann, action_id, "help", whom="hr", note="It is about Mara.")
    seen = (await (await world.browser("mara")).get(f"/actions/{action_id}")).text
    assert "snoozed" not in seen
    assert "asked for help" not in seen
    async with world.database.reading() as session:
        hands = (await session.scalars(select(NeedsAHand))).all()
    assert [hand.person_id for hand in hands] == [world.id_of("ann")]
    assert "It is about Mara" not in hands[0].sentence
    assert "Present it" not in hands[0].sentence


async def test_whoever_does_something_in_anns_plan_reads_the_names_of_both_who_see_it(world: Any) -> None:
    action_id = await make(world, "otto", maker="ann", check_in_id=None)
    assert "Ann and Mara see it too" in (await (await world.browser("otto")).get(f"/actions/{action_id}")).text
    mine = await make(world)
    seen = (await (await world.browser("ann")).get(f"/actions/{mine}")).text
    assert "Mara sees it too" in seen
    assert "see it too" not in seen


async def test_mara_says_that_they_talked_and_it_waits_for_her_no_longer(world: Any) -> None:
    action_id = await make(world)
    ann, mara = await world.browser("ann"), await world.browser("mara")
    assert (await press(mara, action_id, "talked")).status_code == 404
    await press(ann, action_id, "help", whom="partner", note="Who knows the API?")
    assert "Ann asks for your help" in (await mara.get("/")).text
    page = (await mara.get(f"/actions/{action_id}")).text
    assert f'action="/actions/{action_id}/talked"' in page
    for name in ("ann", "otto"):
        browser = await world.browser(name)
        assert (await press(browser, action_id, "talked")).status_code == 404
    for _ in range(2):
        assert (await press(mara, action_id, "talked")).status_code == 303
    assert await events_of(world, action_id) == ["made", "asked_help", "talked"]
    assert "asks for your help" not in (await mara.get("/")).text
    assert "/talked" not in (await mara.get(f"/actions/{action_id}")).text
    assert "talked about it" in (await ann.get(f"/actions/{action_id}")).text


async def test_html_in_what_people_wrote_stays_text(world: Any) -> None:
    action_id = await make(world, title=HTML, success=HTML)
    browser = await world.browser("ann")
    await press(browser, action_id, "help", whom="partner", note=HTML)
    for name in ("ann", "mara"):
        answer = await (await world.browser(name)).get(f"/actions/{action_id}")
        assert "<script>" not in answer.text
        assert answer.text.count("&lt;script&gt;") >= 3


async def test_a_press_from_another_site_is_refused(world: Any) -> None:
    action_id = await make(world)
    browser = await world.browser("ann")
    answer = await browser.post(
        f"/actions/{action_id}/done",
        headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403
    assert await events_of(world, action_id) == ["made"]


async def test_a_late_press_on_a_closed_action_is_answered_kindly(world: Any) -> None:
    action_id = await make(world)
    browser = await world.browser("ann")
    await press(browser, action_id, "drop")
    world.clock.at = datetime.fromisoformat("2030-06-01T09:00:00+00:00")
    answer = await press(browser, action_id, "new-date", due_on="2030-07-01")
    assert answer.status_code == 422
    assert "let go" in answer.text
    assert (await press(browser, action_id, "done")).status_code == 303
    assert (await row_of(world, action_id)).state == "done"


async def test_after_a_snooze_the_page_says_until_when(world: Any) -> None:
    action_id = await make(world)
    browser = await world.browser("ann")
    await press(browser, action_id, "snooze", days="7")
    until = (world.clock.at + timedelta(days=7)).date()
    assert f"until {until:%A} {until.day}" in (await browser.get(f"/actions/{action_id}")).text


async def test_whose_plan_it_is_chooses_what_becomes_of_it_when_its_owner_has_left(world: Any) -> None:
    mine, theirs, nobodys = [await make(world, "mara", due_on=date(2030, 3, day)) for day in (18, 19, 20)]
    browser = await world.browser("ann")
    assert (await press(browser, mine, "owner", who="me", due_on="2030-04-01")).status_code == 404, "Mara is here"
    async with world.database.transaction() as session:
        (await session.get_one(Person, world.id_of("mara"))).left_at = world.clock.at - timedelta(days=1)
        for line in await session.scalars(select(Reporting).where(Reporting.person_id == world.id_of("ann"))):
            line.partner_id = world.id_of("hale")
    assert "Who does this now?" in (await browser.get("/")).text
    page = (await browser.get(f"/actions/{mine}")).text
    assert "I take it on" in page
    assert "Ask Hale" in page
    assert (await press(browser, mine, "owner", who="me", due_on="2030-04-01")).status_code == 303
    assert (await press(browser, theirs, "owner", who="partner")).status_code == 303
    assert (await press(browser, nobodys, "owner", who="nobody")).status_code == 303
    row = await row_of(world, mine)
    assert (row.owner_id, row.due_on, row.accepted_at) == (world.id_of("ann"), date(2030, 4, 1), world.clock.at)
    row = await row_of(world, theirs)
    assert (row.owner_id, row.state, row.accepted_at) == (world.id_of("hale"), "open", None)
    assert (await row_of(world, nobodys)).state == "dropped"
    assert "Who does this now?" not in (await browser.get("/")).text
    hale = await world.browser("hale")
    assert "Would you take this on?" in (await hale.get("/")).text


@pytest.mark.parametrize("name", ["otto", "hale"])
async def test_nobody_else_chooses_for_a_plan(world: Any, name: str) -> None:
    action_id = await make(world, "mara")
    async with world.database.transaction() as session:
        (await session.get_one(Person, world.id_of("mara"))).left_at = world.clock.at - timedelta(days=1)
    browser = await world.browser(name)
    assert (await press(browser, action_id, "owner", who="me", due_on="2030-04-01")).status_code == 404
    assert (await row_of(world, action_id)).owner_id == world.id_of("mara")


async def test_a_day_that_nobody_understands_stays_to_be_corrected(world: Any) -> None:
    proposed = await make(world, owner="ann", maker="mara", due_on=date(2030, 3, 22))
    ann = await world.browser("ann")
    assert 'value="Friday 22 March 2030"' in (await ann.get(f"/actions/{proposed}")).text
    answer = await press(ann, proposed, "accept", due_on="when the cows come home")
    assert answer.status_code == 422
    assert 'value="when the cows come home"' in answer.text
    assert (await press(ann, proposed, "accept", due_on="Friday 22 March 2030")).status_code == 303
    assert (await row_of(world, proposed)).due_on == date(2030, 3, 22)

"""Plans and stuck plans on the pages: who sees them, and what each button does."""

import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select, update

from integrations.database.actions import make_action
from integrations.database.people import name_partner
from integrations.database.plans import ensure_plan
from integrations.database.tables import (
    ActionEvent,
    Goal,
    LetterItem,
    NeedsAHand,
    Person,
    Plan,
    Reading,
    Reporting,
    Stall,
    StallAnswer,
)


async def grow(world: Any, title: str = "Present it once", owner: str = "ann", private: bool = False) -> str:
    async with world.database.transaction() as session:
        return await make_action(
            session,
            check_in_id=world.check_in_id,
            plan_person_id=world.id_of("ann"),
            owner_id=world.id_of(owner),
            made_by_id=world.id_of(owner),
            title=title,
            success=None,
            modality="stretch",
            due_on=date(2030, 3, 25),
            private=private,
            form_token=None,
            now=world.clock.at,
        )


async def plan_of(world: Any) -> Plan:
    async with world.database.transaction() as session:
        return await ensure_plan(session, world.id_of("ann"), world.clock.at)


async def stall(world: Any, cause: str = "check-ins/check-in-1", holder: str | None = None) -> str:
    plan = await plan_of(world)
    async with world.database.transaction() as session:
        row = Stall(
            plan_id=plan.id,
            cause=cause,
            holder_id=world.id_of(holder) if holder else None,
            began_at=world.clock.at,
        )
        session.add(row)
        await session.flush()
        return row.id


async def stall_row(world: Any, stall_id: str) -> Stall:
    async with world.database.reading() as session:
        row = await session.get_one(Stall, stall_id)
        assert isinstance(row, Stall)
        return row


async def test_an_empty_plan_is_a_kind_page(world: Any) -> None:
    answer = await (await world.browser("ann")).get("/plan")
    assert answer.status_code == 200
    assert "one small thing" in answer.text


async def test_ann_sees_her_whole_plan_and_mara_all_but_what_ann_keeps(world: Any) -> None:
    await grow(world, "Present it once")
    await grow(world, "Find out what I want", private=True)
    await grow(world, "Introduce Ann to pricing", owner="mara")
    plan = await plan_of(world)
    async with world.database.transaction() as session:
        session.add(Goal(plan_id=plan.id, title="Explain numbers", why="It matters", made_at=world.clock.at))
    own = (await (await world.browser("ann")).get("/plan")).text
    theirs = (await (await world.browser("mara")).get(f"/plans/{plan.id}")).text
    for text in ("Present it once", "Introduce Ann to pricing", "Explain numbers"):
        assert text in own
        assert text in theirs
    assert "Find out what I want" in own
    assert "Find out what I want" not in theirs
    async with world.database.reading() as session:
        readings = (await session.scalars(select(Reading))).all()
    assert [one.what for one in readings if one.owner_id == world.id_of("ann")] == [f"plan/{plan.id}"]
    (of_mara,) = [one for one in readings if one.owner_id != world.id_of("ann")]
    assert (of_mara.reader_id, of_mara.owner_id) == (world.id_of("ann"), world.id_of("mara")), "what she took on"


async def test_mara_finds_what_she_took_on_in_anns_plan_on_her_own_page(world: Any) -> None:
    await grow(world, "Introduce Ann to pricing", owner="mara")
    assert "Introduce Ann to pricing" in (await (await world.browser("mara")).get("/plan")).text


async def test_nobody_else_opens_a_plan(world: Any) -> None:
    plan = await plan_of(world)
    for name in ("otto", "hale", "ira"):
        browser = await world.browser(name)
        theirs = await browser.get(f"/plans/{plan.id}")
        assert theirs.status_code == 404
        assert theirs.text == (await browser.get("/plans/no-such")).text


async def test_help_from_hr_is_a_name_on_their_list_and_unseen_by_mara(world: Any) -> None:
    await grow(world)
    ann = await world.browser("ann")
    for _ in range(2):
        assert (await ann.post("/plan/help", data={"whom": "hr"})).status_code == 303
    assert "HR has your name" in (await ann.get("/plan")).text
    plan = await plan_of(world)
    assert "asked" not in (await (await world.browser("mara")).get(f"/plans/{plan.id}")).text
    async with world.database.reading() as session:
        hands = (await session.scalars(select(NeedsAHand))).all()
    assert [hand.person_id for hand in hands] == [world.id_of("ann")]
    assert "Present it" not in hands[0].sentence


async def test_another_partner_is_asked_for_at_hr_alone_and_without_a_word_of_the_plan(world: Any) -> None:
    await grow(world)
    ann = await world.browser("ann")
    before = {
        name: [(await (await world.browser(name)).get(path)).text for path in ("/", "/privacy", "/history")]
        for name in ("mara", "otto", "ira")
    }
    assert "Ask for somebody else" in (await ann.get("/plan")).text
    for _ in range(2):
        assert (await ann.post("/plan/help", data={"whom": "another"})).status_code == 303
    page = (await ann.get("/plan")).text
    assert "HR knows that you would rather talk with somebody else" in page
    assert "Ask for somebody else" not in page
    assert "HR has your name" not in page, "that is for help with a plan"
    for name, pages in before.items():
        browser = await world.browser(name)
        paths = ("/", "/privacy", "/history")
        assert [(await browser.get(path)).text for path in paths] == pages, name
    mara = await world.browser("mara")
    assert "somebody else" not in (await mara.get(f"/plans/{(await plan_of(world)).id}")).text
    assert "Ann" not in (await (await world.browser("ira")).get("/hr")).text
    listed = (await (await world.browser("hale")).get("/hr")).text
    assert listed.count("Ann Berg asks for another conversation partner") == 1
    assert "perennial people import" in listed
    assert "Present it once" not in listed
    async with world.database.reading() as session:
        assert (await session.scalars(select(LetterItem))).all() == []


async def test_who_asked_for_another_partner_can_take_it_back(world: Any) -> None:
    ann, hale = await world.browser("ann"), await world.browser("hale")
    for whom in ("another", "hr"):
        await ann.post("/plan/help", data={"whom": whom})
    await (await world.browser("otto")).post("/plan/help/take-back", data={"about": "partner"})
    assert "Ann Berg asks for another" in (await hale.get("/hr")).text
    for about in ("partner", "partner", "", "everything"):
        assert (await ann.post("/plan/help/take-back", data={"about": about})).status_code == 303
    page = (await hale.get("/hr")).text
    assert "Ann Berg asks for another" not in page
    assert "Ann Berg asks HR for help" in page, "the other call stays"
    assert "Ask for somebody else" in (await ann.get("/plan")).text


async def test_hr_ends_the_one_call_that_they_talked_about(world: Any) -> None:
    ann, hale = await world.browser("ann"), await world.browser("hale")
    for whom in ("another", "hr"):
        await ann.post("/plan/help", data={"whom": whom})
    seen = re.findall(r'name="seen" value="([^"]+)"><input type="hidden" name="about" value="partner"', await _hr(hale))
    form = {"seen": seen[0], "about": "partner"}
    for name in ("ann", "mara", "otto", "ira"):
        answer = await (await world.browser(name)).post("/hr/calls/person-ann/talked", data=form)
        assert answer.status_code == 404
    assert (await hale.post("/hr/calls/person-ann/talked", data=form)).status_code == 303
    assert "Ann Berg asks for another" not in await _hr(hale)
    assert "Ann Berg asks HR for help" in await _hr(hale)
    assert "Ask for somebody else" in (await ann.get("/plan")).text


async def test_a_partner_in_hr_does_not_learn_who_asks_hr_for_another(world: Any) -> None:
    ann, hale = await world.browser("ann"), await world.browser("hale")
    async with world.database.transaction() as session:
        await session.execute(update(Reporting).values(partner_id=world.id_of("hale")))
    before = await _hr(hale)
    for whom in ("another", "hr"):
        await ann.post("/plan/help", data={"whom": whom})
    assert await _hr(hale) == before
    form = {"seen": world.clock.at.isoformat(), "about": "partner"}
    assert (await hale.post("/hr/calls/person-ann/talked", data=form)).status_code == 404
    assert "HR knows that you would rather talk" in (await ann.get("/plan")).text


async def test_another_partner_is_not_asked_for_once_there_is_one(world: Any) -> None:
    ann, hale = await world.browser("ann"), await world.browser("hale")
    await ann.post("/plan/help", data={"whom": "another"})
    assert "Ann Berg asks for another" in await _hr(hale)
    async with world.database.transaction() as session:
        otto = await session.get_one(Person, world.id_of("otto"))
        await name_partner(session, await session.get_one(Person, world.id_of("ann")), otto, world.clock.at)
    assert "Ann Berg asks for another" not in await _hr(hale)
    assert "HR knows that you would rather" not in (await ann.get("/plan")).text


async def _hr(hale: Any) -> str:
    return str((await hale.get("/hr")).text)


async def test_help_from_mara_stands_on_the_plan_they_share_and_reaches_her_until_they_have_talked(world: Any) -> None:
    ann, mara = await world.browser("ann"), await world.browser("mara")
    for _ in range(2):
        await ann.post("/plan/help", data={"whom": "partner"})
    plan = await plan_of(world)
    page = (await mara.get(f"/plans/{plan.id}")).text
    assert "Ann asked you for help" in page
    assert "Ann asks for your help with a plan" in (await mara.get("/")).text
    async with world.database.reading() as session:
        items = (await session.scalars(select(LetterItem))).all()
    assert [(each.recipient_id, each.kind, each.plan_id) for each in items] == [
        (world.id_of("mara"), "help_asked", plan.id)
    ]
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    assert seen
    for name in ("otto", "hale"):
        answer = await (await world.browser(name)).post(f"/plans/{plan.id}/talked", data={"seen": seen[1]})
        assert answer.status_code == 404
    await mara.post(f"/plans/{plan.id}/talked", data={"seen": "2030-01-01T09:00:00+00:00"})
    assert "You asked Mara for help" in (await ann.get("/plan")).text
    await mara.post(f"/plans/{plan.id}/talked", data={"seen": seen[1]})
    assert "asked you for help" not in (await mara.get(f"/plans/{plan.id}")).text
    assert "asks for your help" not in (await mara.get("/")).text
    assert "You asked" not in (await ann.get("/plan")).text


async def test_the_next_manager_is_not_told_that_the_former_one_was_asked(world: Any) -> None:
    ann = await world.browser("ann")
    await ann.post("/plan/help", data={"whom": "partner"})
    async with world.database.transaction() as session:
        await session.execute(update(Reporting).values(partner_id=world.id_of("otto")))
    plan, otto = await plan_of(world), await world.browser("otto")
    assert "asked you for help" not in (await otto.get(f"/plans/{plan.id}")).text
    for name in ("otto", "mara"):
        assert "asks for your help" not in (await (await world.browser(name)).get("/")).text
    assert "You asked" not in (await ann.get("/plan")).text


async def test_who_has_nobody_to_ask_is_told_so(world: Any) -> None:
    otto = await world.browser("otto")
    answer = await otto.post("/plan/help", data={"whom": "partner"})
    assert answer.status_code == 422
    assert "HR can help" in answer.text
    assert (await otto.post("/plan/help", data={"whom": "everybody"})).status_code == 422


async def test_following_a_mailed_link_to_a_stuck_plan_changes_nothing(world: Any) -> None:
    stall_id = await stall(world)
    browser = await world.browser("ann")
    answer = await browser.get(f"/stalls/{stall_id}")
    assert answer.status_code == 200
    for reason in ("time", "goal", "access", "help", "rather_not_say"):
        assert f'id="{reason}"' in answer.text, "where the letter's link leads, which no server is told"
    async with world.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(StallAnswer)) == 0
    assert (await stall_row(world, stall_id)).ended is None


@pytest.mark.parametrize("choose", ["smaller", "pause", "leave", "keep-hr-out"])
async def test_each_link_of_the_note_puts_its_form_first_and_the_button_does_it(world: Any, choose: str) -> None:
    stall_id = await stall(world)
    ann = await world.browser("ann")
    page = (await ann.get(f"/stalls/{stall_id}", params={"choose": choose})).text
    assert re.findall(rf'action="(/stalls/{stall_id}/[^"]+)"', page) == [f"/stalls/{stall_id}/{choose}"]
    row = await stall_row(world, stall_id)
    assert (row.ended, row.hr_kept_out) == (None, False), "a link alone changes nothing"
    assert (await ann.post(f"/stalls/{stall_id}/{choose}")).status_code == 303
    row = await stall_row(world, stall_id)
    assert row.ended or row.hr_kept_out
    assert f'action="/stalls/{stall_id}/{choose}"' not in (await ann.get(f"/stalls/{stall_id}?choose={choose}")).text


async def test_a_choice_that_there_is_not_leaves_the_page_as_it_is(world: Any) -> None:
    stall_id = await stall(world)
    ann = await world.browser("ann")
    assert "What is in the way?" in (await ann.get(f"/stalls/{stall_id}?choose=x")).text


async def test_a_reason_is_anns_alone_until_she_shares_it(world: Any) -> None:
    stall_id = await stall(world)
    ann, mara = await world.browser("ann"), await world.browser("mara")
    await ann.post(f"/stalls/{stall_id}/answer", data={"reason": "access"})
    assert "You answered: Access or budget" in (await ann.get(f"/stalls/{stall_id}")).text
    assert "shared with you" not in (await mara.get(f"/stalls/{stall_id}")).text
    await ann.post(f"/stalls/{stall_id}/answer", data={"reason": "access", "to_partner": "yes"})
    assert "Ann shared with you: Access or budget" in (await mara.get(f"/stalls/{stall_id}")).text
    assert (await stall_row(world, stall_id)).ended is None


async def step_sent(world: Any, stall_id: str, step: str, to: str = "ann") -> None:
    async with world.database.transaction() as session:
        session.add(
            LetterItem(
                key=f"support/plan/{stall_id}/{step}/person-{to}",
                recipient_id=f"person-{to}",
                kind={"note": "support_note", "repairs": "support_repairs", "hr": "support_request"}[step],
                due_at=world.clock.at,
                state="sent",
                sent_at=world.clock.at,
                stall_id=stall_id,
                step=step,
            )
        )


async def test_the_page_of_a_stall_names_the_later_steps_and_their_dates(world: Any) -> None:
    stall_id = await stall(world)
    ann, mara = await world.browser("ann"), await world.browser("mara")
    assert "What comes otherwise" not in (await ann.get(f"/stalls/{stall_id}")).text, "no note has left yet"
    await step_sent(world, stall_id, "note")
    page = (await ann.get(f"/stalls/{stall_id}")).text
    assert "Monday 11 March 2030: you and Mara get three simple repairs." in page
    assert "Monday 25 March 2030: someone in HR is asked to offer help." in page
    assert "Monday 8 April 2030: the plan rests" in page
    assert "11 March 2030: you and Ann get three" in (await mara.get(f"/stalls/{stall_id}")).text
    await ann.post(f"/stalls/{stall_id}/keep-hr-out")
    page = (await ann.get(f"/stalls/{stall_id}")).text
    assert "is asked to offer help" not in page
    assert "Monday 8 April 2030: the plan rests" in page
    await ann.post("/language", data={"language": "de", "back": "/"})
    page = (await ann.get(f"/stalls/{stall_id}")).text
    assert "Montag, 11. März 2030: Du und Mara bekommt" in page
    await step_sent(world, stall_id, "repairs")
    page = (await ann.get(f"/stalls/{stall_id}")).text
    assert "einfache Vorschläge" not in page, "they are there already"
    assert "Montag, 8. April 2030: Der Plan ruht" in page
    await ann.post(f"/stalls/{stall_id}/leave")
    assert "2030" not in (await ann.get(f"/stalls/{stall_id}")).text.split("<main")[1], "it stops there"


async def test_keeping_hr_out_is_for_the_person_whose_plan_it_is(world: Any) -> None:
    stall_id = await stall(world)
    mara = await world.browser("mara")
    for query in ("", "?choose=keep-hr-out"):
        page = (await mara.get(f"/stalls/{stall_id}{query}")).text
        assert "/keep-hr-out" not in page
        assert "What is in the way?" in page
    assert (await mara.post(f"/stalls/{stall_id}/keep-hr-out")).status_code == 404
    assert (await stall_row(world, stall_id)).hr_kept_out is False


async def test_once_hr_was_asked_the_page_says_so_and_offers_no_keeping_out(world: Any) -> None:
    stall_id = await stall(world)
    for step in ("note", "repairs", "hr"):
        await step_sent(world, stall_id, step)
    ann = await world.browser("ann")
    page = (await ann.get(f"/stalls/{stall_id}")).text
    assert "HR was asked on Monday 4 March 2030" in page
    assert "keep-hr-out" not in page
    answer = await ann.post(f"/stalls/{stall_id}/keep-hr-out")
    assert answer.status_code == 422
    assert "HR has been asked by now" in answer.text
    assert (await stall_row(world, stall_id)).hr_kept_out is False


async def test_whoever_would_like_help_can_ask_for_it_there(world: Any) -> None:
    stall_id = await stall(world)
    ann, mara = await world.browser("ann"), await world.browser("mara")
    await ann.post(f"/stalls/{stall_id}/answer", data={"reason": "time"})
    assert "Ask Mara" not in (await ann.get(f"/stalls/{stall_id}")).text
    await ann.post(f"/stalls/{stall_id}/answer", data={"reason": "help"})
    page = (await ann.get(f"/stalls/{stall_id}")).text
    assert "Ask Mara" in page
    assert "Ask HR" in page
    way = re.search(r'action="([^"]+/help)"', page)
    assert way
    assert (await ann.post(way[1], data={"whom": "partner"})).status_code == 303
    assert "Ann asks for your help" in (await mara.get("/")).text


async def test_an_unknown_reason_is_refused(world: Any) -> None:
    stall_id = await stall(world)
    answer = await (await world.browser("ann")).post(f"/stalls/{stall_id}/answer", data={"reason": "lazy"})
    assert answer.status_code == 422


async def of_maras(world: Any) -> str:
    """A stall of Ann's plan whose stuck part is Mara's alone; both have the repairs."""
    action_id = await grow(world, "Introduce Ann", owner="mara")
    stall_id = await stall(world, f"action/{action_id}/2030-02-01", holder="mara")
    await step_sent(world, stall_id, "note", "mara")
    await step_sent(world, stall_id, "repairs")
    return stall_id


async def test_whose_plan_it_is_can_keep_hr_out_where_the_manager_holds_the_stuck_part(world: Any) -> None:
    stall_id = await of_maras(world)
    ann = await world.browser("ann")
    page = (await ann.get(f"/stalls/{stall_id}")).text
    assert "Its next step is with Mara" in page
    assert "Introduce Ann" in page
    assert "someone in HR is asked to offer help" in page
    assert re.findall(rf'action="(/stalls/{stall_id}/[^"]+)"', page) == [f"/stalls/{stall_id}/keep-hr-out"]
    page = (await ann.get(f"/stalls/{stall_id}?choose=keep-hr-out")).text
    assert "Keep HR out?" in page
    assert (await stall_row(world, stall_id)).hr_kept_out is False, "a link alone changes nothing"
    assert (await ann.post(f"/stalls/{stall_id}/keep-hr-out")).status_code == 303
    assert (await stall_row(world, stall_id)).hr_kept_out is True
    page = (await ann.get(f"/stalls/{stall_id}?choose=keep-hr-out")).text
    assert "HR is kept out." in page
    assert "keep-hr-out" not in page.split("<main")[1].split("</main")[0]
    assert "is asked to offer help" not in page
    assert "HR is kept out." in (await (await world.browser("mara")).get(f"/stalls/{stall_id}")).text


async def test_that_page_speaks_german(world: Any) -> None:
    stall_id = await of_maras(world)
    ann = await world.browser("ann")
    await ann.post("/language", data={"language": "de", "back": "/"})
    page = (await ann.get(f"/stalls/{stall_id}")).text
    assert "Der nächste Schritt liegt bei Mara" in page
    assert "HR heraushalten" in page


async def test_nothing_but_hr_is_anns_to_decide_of_what_mara_holds(world: Any) -> None:
    stall_id = await of_maras(world)
    ann = await world.browser("ann")
    for what in ("smaller", "pause", "leave"):
        page = (await ann.get(f"/stalls/{stall_id}?choose={what}")).text
        assert f"/stalls/{stall_id}/{what}" not in page
    for what in ("answer", "smaller", "pause", "leave"):
        answer = await ann.post(f"/stalls/{stall_id}/{what}", data={"reason": "time"})
        assert answer.status_code == 404
    assert (await stall_row(world, stall_id)).ended is None
    assert "What is in the way of the plan?" not in (await ann.get("/")).text, "that is asked of Mara"


async def test_ann_reads_there_what_mara_shares_with_her_and_nothing_else(world: Any) -> None:
    stall_id = await of_maras(world)
    ann, mara = await world.browser("ann"), await world.browser("mara")
    await mara.post(f"/stalls/{stall_id}/answer", data={"reason": "access", "to_hr": "yes"})
    assert "Access or budget" not in (await ann.get(f"/stalls/{stall_id}")).text
    await mara.post(f"/stalls/{stall_id}/answer", data={"reason": "access", "to_partner": "yes"})
    assert "Mara shared with you: Access or budget" in (await ann.get(f"/stalls/{stall_id}")).text
    async with world.database.reading() as session:
        read = await session.scalar(select(Reading).where(Reading.what == f"stall/{stall_id}"))
    assert (read.owner_id, read.reader_id) == ("person-mara", "person-ann")


async def test_once_hr_was_asked_about_what_mara_holds_it_is_too_late(world: Any) -> None:
    stall_id = await of_maras(world)
    await step_sent(world, stall_id, "hr")
    ann = await world.browser("ann")
    page = (await ann.get(f"/stalls/{stall_id}")).text
    assert "HR was asked on Monday 4 March 2030" in page
    assert "keep-hr-out" not in page
    assert (await ann.post(f"/stalls/{stall_id}/keep-hr-out")).status_code == 422


async def test_until_both_have_the_repairs_only_whoever_holds_the_stuck_part_reaches_it(world: Any) -> None:
    action_id = await grow(world, owner="mara")
    stall_id = await stall(world, f"action/{action_id}/2030-02-01", holder="mara")
    await step_sent(world, stall_id, "note", "mara")
    assert (await (await world.browser("mara")).get(f"/stalls/{stall_id}")).status_code == 200
    for name in ("ann", "otto", "hale"):
        browser = await world.browser(name)
        assert (await browser.get(f"/stalls/{stall_id}")).status_code == 404
        for what in ("answer", "smaller", "pause", "leave", "keep-hr-out"):
            answer = await browser.post(f"/stalls/{stall_id}/{what}", data={"reason": "time"})
            assert answer.status_code == 404
    assert (await stall_row(world, stall_id)).ended is None


async def test_one_press_leaves_it_makes_it_smaller_or_keeps_hr_out(world: Any) -> None:
    action_id = await grow(world)
    left = await stall(world)
    smaller = await stall(world, f"action/{action_id}/2030-02-01", holder="ann")
    kept = await stall(world, "scheduling/check-in-1")
    ann = await world.browser("ann")
    for _ in range(2):
        assert (await ann.post(f"/stalls/{left}/leave")).status_code == 303
        assert (await ann.post(f"/stalls/{smaller}/smaller", data={"title": "One slide"})).status_code == 303
        assert (await ann.post(f"/stalls/{kept}/keep-hr-out")).status_code == 303
    assert (await stall_row(world, left)).ended == "stopped"
    assert (await stall_row(world, smaller)).ended == "helped"
    assert "nothing more is sent" in (await ann.get(f"/stalls/{left}")).text
    assert "One slide" in (await ann.get(f"/actions/{action_id}")).text
    assert "HR is kept out" in (await ann.get(f"/stalls/{kept}")).text
    async with world.database.reading() as session:
        asked = select(ActionEvent.what).where(ActionEvent.action_id == action_id).order_by(ActionEvent.id)
        assert list((await session.scalars(asked)).all()) == ["made", "smaller"]


async def test_a_paused_plan_rests_until_ann_takes_it_up_again(world: Any) -> None:
    stall_id = await stall(world)
    mara, ann = await world.browser("mara"), await world.browser("ann")
    await mara.post(f"/stalls/{stall_id}/pause")
    plan = await plan_of(world)
    assert plan.state == "resting"
    assert (await mara.post(f"/plans/{plan.id}/resume")).status_code == 404
    assert "Take it up again" in (await ann.get("/plan")).text
    for _ in range(2):
        assert (await ann.post(f"/plans/{plan.id}/resume")).status_code == 303
    assert (await plan_of(world)).state == "active"
    assert ("PlanWatch", plan.id) in world.pokes.made


async def test_a_signed_out_reader_is_sent_to_sign_in_and_back(world: Any) -> None:
    stall_id = await stall(world)
    answer = await (await world.browser()).get(f"/stalls/{stall_id}")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?to=%2Fstalls%2F")

"""A check-in from due to held, and the other ways in which it can go."""

from datetime import date, timedelta
from typing import Any

from cycle.check_in import State
from cycle.policy import Policy, Rhythm
from tests.journeys.life import Life, Living

SHARED = "Customers call me when numbers look odd."
PRIVATE = "The heron stands in the cold water at dawn."
LEARNED = "I fixed the release myself instead of asking."


async def form_of(life: Life) -> str:
    """Lives until Ann has the form; returns her check-in."""
    await life.live_until_true(lambda: life.letters("Ann", "form/"), days=60)
    return str((await life.check_ins("Ann"))[0].id)


async def state_of(life: Life, period: int = 1) -> str:
    return str((await life.check_ins("Ann"))[period - 1].state)


def workdays_between(life: Life, letter: Any, talk: Any) -> int:
    """Of the letter's reader, from the letter's day to the talk's."""
    reader = life.people[letter.to]
    first, last = reader.local(letter.at).date(), reader.local(talk.start).date()
    return sum(reader.works_on(first + timedelta(days=n)) for n in range((last - first).days))


async def test_a_check_in_from_due_to_held(life: Life) -> None:
    await life.live(days=1)
    (talk,) = await life.talks()
    ann, mara = (life.people[life.mail(name)] for name in ("Ann", "Mara"))
    assert set(talk.attendees) == {ann.mail, mara.mail}
    assert talk.end - talk.start == timedelta(minutes=45)
    for person in (ann, mara):
        assert person.works_on(person.local(talk.start).date())
        assert person.opens <= person.local(talk.start).time() < person.local(talk.end).time() <= person.closes
    assert await life.letters() == [], "the invitation is Outlook's own"

    check_in_id = await form_of(life)
    await life.answer_form("Ann", check_in_id, SHARED, share=True)
    await life.post("Mara", "/learning-moment", "/learning-moment", text=LEARNED)
    await life.live_until(talk.start)
    mine, theirs = await life.letters(key="pre-read/")
    assert (mine.subject, mine.body) == (theirs.subject, theirs.body)
    assert SHARED.removesuffix(".") in mine.body
    assert LEARNED.removesuffix(".") in mine.body

    await life.live_until_true(lambda: life.letters("Mara", "outcome/"), days=3)
    await life.say("Ann", check_in_id, "held")
    assert await state_of(life) == State.ENDED, "one word does not settle it"
    await life.say("Mara", check_in_id, "held")
    await life.live(hours=1)
    assert await state_of(life) == State.HELD

    assert await life.told() == [
        ("form", "Ann"),
        ("learning", "Mara"),
        ("pre-read", "Ann"),
        ("pre-read", "Mara"),
        ("outcome", "Ann"),
        ("outcome", "Mara"),
    ], "nobody who answered is reminded"
    form, _, pre_read, *_, outcome = await life.letters()
    assert workdays_between(life, form, talk) == 5
    assert workdays_between(life, pre_read, talk) == 1
    assert outcome.at >= talk.end + timedelta(hours=2)

    await life.live(days=60)
    assert [check_in.state for check_in in await life.check_ins("Ann")] == [State.HELD, State.BOOKED]
    before, after = await life.talks()
    assert before == talk, "the event of the past stays as it was"
    assert not after.cancelled
    await life.assert_sound()


async def test_a_private_answer_is_in_no_mailbox_and_on_no_page_but_its_writers(life: Life) -> None:
    check_in_id = await form_of(life)
    await life.answer_form("Ann", check_in_id, PRIVATE, share=False)
    assert PRIVATE in (await life.visit("Ann", f"/reflections/{check_in_id}")).html
    await life.live_until_true(lambda: life.letters("Mara", "outcome/"), days=20)
    assert PRIVATE not in await life.everything_mailed()
    for page in ("/", f"/check-ins/{check_in_id}", f"/reflections/{check_in_id}", "/plan", "/privacy"):
        assert PRIVATE not in (await life.visit("Mara", page)).html
    assert (await life.visit("Hale", f"/check-ins/{check_in_id}")).status == 404
    await life.assert_sound()


async def test_silent_people_are_reminded_once_and_in_the_end_it_is_unconfirmed(life: Life) -> None:
    check_in_id = await form_of(life)
    (talk,) = await life.talks()
    await life.live_until(talk.start + timedelta(days=30))
    told = await life.told()
    assert sorted(told) == sorted(
        [("form", "Ann"), ("learning", "Mara"), ("form-reminder", "Ann")]
        + [(kind, name) for name in ("Ann", "Mara") for kind in ("pre-read", "outcome", "outcome")]
    )
    (reminder,) = await life.letters(key="form-reminder/")
    assert workdays_between(life, reminder, talk) == 2
    for name in ("Ann", "Mara"):
        first, second = await life.letters(name, "outcome/")
        assert (first.keys[0].split("/")[3], second.keys[0].split("/")[3]) == ("1", "2")
        here = life.people[first.to].local
        assert (here(second.at).date() - here(first.at).date()).days == 3, "three workdays, from a Monday on"
    assert await state_of(life) == State.UNCONFIRMED, "silence is never taken for a talk"

    await life.say("Ann", check_in_id, "held")
    await life.say("Mara", check_in_id, "held")
    await life.live(hours=1)
    assert await state_of(life) == State.HELD, "a late word still counts"
    await life.assert_sound()


async def test_one_who_talks_rather_than_writes_is_not_reminded(life: Life) -> None:
    check_in_id = await form_of(life)
    page = f"/reflections/{check_in_id}"
    await life.post("Ann", f"{page}?do=talk", page, do="talk")
    await life.live_until_true(lambda: life.letters("Ann", "outcome/"), days=20)
    assert ("form-reminder", "Ann") not in await life.told()
    assert "just talk" not in (await life.letters("Mara", "pre-read/"))[0].body, "silence betrays nothing"


async def test_one_click_after_another_time_moves_the_same_event_and_only_the_new_hour_is_asked_about(
    life: Life,
) -> None:
    check_in_id = await form_of(life)
    (talk,) = await life.talks()
    event = await life.event(check_in_id)
    page, slots = f"/check-ins/{check_in_id}/another-time", f"/check-ins/{check_in_id}/slots"
    await life.post("Mara", page, page)
    await life.live(minutes=2)
    await life.post("Mara", slots, slots, slot="1")
    await life.live(minutes=58)
    (moved,) = await life.talks()
    assert (await life.event(check_in_id))["iCalUId"] == event["iCalUId"]
    assert moved.start != talk.start
    assert moved.start > await life.now()
    assert "It is booked for" in (await life.visit("Ann", slots)).html
    assert await life.letters(key="slots/") == [], "it was settled before a letter was due"

    await life.live_until_true(lambda: life.letters("Mara", "outcome/"), days=40)
    assert {letter.keys[0].split("/")[2] for letter in await life.letters(key="pre-read/")} == {"2"}
    assert {letter.keys[0].split("/")[2] for letter in await life.letters(key="outcome/")} == {"2"}
    assert (await life.letters("Mara", "outcome/"))[0].at >= moved.end + timedelta(hours=2)
    assert len(await life.letters("Ann", "form/")) == 1, "the form is asked once"
    await life.assert_sound()


async def test_a_talk_said_to_have_been_moved_gets_the_same_event_at_another_hour_if_nobody_chooses_one(
    life: Life,
) -> None:
    check_in_id = await form_of(life)
    (talk,) = await life.talks()
    event = await life.event(check_in_id)
    await life.live_until_true(lambda: life.letters("Ann", "outcome/"), days=20)
    await life.say("Ann", check_in_id, "moved")
    await life.live_until_true(lambda: life.letters("Ann", "slots/"), days=2)
    assert await state_of(life) == State.DUE
    (letter,) = await life.letters("Ann", "slots/")
    assert f"/check-ins/{check_in_id}/slots" in letter.body

    async def is_booked() -> bool:
        return await state_of(life) == State.BOOKED

    await life.live_until_true(is_booked, days=8)
    (moved,) = await life.talks()
    assert moved.start > talk.end
    assert (await life.event(check_in_id))["iCalUId"] == event["iCalUId"]
    await life.live_until(moved.start)
    pre_reads = [letter.keys[0].split("/")[2] for letter in await life.letters(key="pre-read/")]
    assert pre_reads == ["1", "1", "2", "2"], "each hour has its own pre-read"
    await life.assert_sound()


async def test_not_this_time_cancels_the_event_and_the_next_period_comes(life: Life) -> None:
    check_in_id = await form_of(life)
    told = await life.told()
    page = f"/check-ins/{check_in_id}/not-this-time"
    await life.post("Ann", page, page)
    await life.live(hours=1)
    (talk,) = await life.talks()
    assert talk.cancelled
    assert await state_of(life) == State.EXCUSED
    assert [each["isCancelled"] for each in await life.calendar("Ann") if each["subject"].endswith("Ann and Mara")] in (
        [],
        [True],
    ), "Outlook took it out of Ann's calendar"

    await life.live(days=70)
    assert await life.told() == told, "nobody hears of it again"
    assert [check_in.state for check_in in await life.check_ins("Ann")] == [State.EXCUSED, State.BOOKED]
    called_off, after = await life.talks()
    assert called_off.cancelled
    assert not after.cancelled
    assert after.start - called_off.start > timedelta(days=60)


async def test_a_manager_is_asked_once_a_period_what_they_learned(living: Living) -> None:
    monthly = Policy(name="Monthly check-ins", rhythm=Rhythm(every_months=1, weeks_of_period=(2, 3), may_slip_days=10))
    async with living(monthly) as life:
        await life.live_until_true(lambda: life.letters("Mara", "learning/"), days=30)
        await life.post("Mara", "/learning-moment", "/learning-moment", text=LEARNED)
        await life.live_until_day(date(2030, 5, 1))
        keys = [key for letter in await life.letters(key="learning/") for key in letter.keys]
        asked = [key.rpartition("/")[2] for key in keys if key.startswith("learning/")]
        assert asked == ["1", "2", "3"]
        pre_reads = await life.letters("Ann", "pre-read/")
        assert [(letter.at.month, LEARNED.removesuffix(".") in letter.body) for letter in pre_reads] == [
            (2, True),
            (3, False),
            (4, False),
        ], "for all talks of its period, and for no other's"
        await life.assert_sound()


async def test_the_hours_on_the_wall_stay_through_a_change_of_the_clocks(living: Living) -> None:
    """Berlin goes over to summer time on 31 March 2030."""
    late_in_march = Policy(name="Quarterly check-ins", rhythm=Rhythm(weeks_of_period=(9, 9)))
    async with living(late_in_march) as life:
        await life.live_until_true(lambda: life.letters("Ann", "outcome/"), days=70)
        (talk,) = await life.talks()
        ann = life.people[life.mail("Ann")]
        form, pre_read = (await life.letters("Ann", "form/"))[0], (await life.letters("Ann", "pre-read/"))[0]
        for letter in (form, pre_read):
            opens = ann.local(letter.at).replace(hour=9, minute=30, second=0)
            assert opens <= ann.local(letter.at) <= opens + timedelta(minutes=2)
        assert form.at.hour == 8, "winter"
        assert pre_read.at.hour == 7, "summer"
        assert ann.opens <= ann.local(talk.start).time() < ann.local(talk.end).time() <= ann.closes
        event = await life.event(talk.check_in)
        assert event["timeZone"] == "Europe/Berlin"
        await life.assert_sound()


async def test_who_declines_in_outlook_and_proposes_nothing_chooses_from_three_hours(life: Life) -> None:
    check_in_id = await form_of(life)
    event = await life.event(check_in_id)
    act = {"person": life.mail("Ann"), "act": "decline", "iCalUId": event["iCalUId"]}
    (await life.http.post(f"{life.tenant.url}/_sandbox/act", json=act)).raise_for_status()
    await life.live_until_true(lambda: life.letters("Ann", "slots/"), days=10)
    assert await life.letters(key="pre-read/") == []
    slots = f"/check-ins/{check_in_id}/slots"
    assert (await life.visit("Hale", slots)).status == 404
    await life.post("Ann", slots, slots, slot="0")
    await life.live(minutes=10)
    (moved,) = await life.talks()
    assert not moved.cancelled
    assert (await life.event(check_in_id))["iCalUId"] == event["iCalUId"]
    await life.live_until(moved.start)
    assert sorted(letter.keys[0].split("/")[2] for letter in await life.letters(key="pre-read/")) == ["2", "2"]
    await life.assert_sound()

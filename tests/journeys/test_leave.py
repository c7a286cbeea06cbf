"""Ann goes on leave: her talk makes way by itself, nothing reaches her meanwhile, and her return has a talk."""

from datetime import date, timedelta

from tests.journeys.life import Life


async def test_a_leave_seen_in_outlook_pauses_everything_and_the_return_has_a_talk(life: Life) -> None:
    await life.live(days=1)
    (talk,) = await life.talks()
    ann = life.people[life.mail("Ann")]
    first = ann.local(talk.start).date() - timedelta(days=3)
    last = first + timedelta(days=34)
    act = {"person": ann.mail, "act": "go_on_leave", "first": str(first), "last": str(last)}
    (await life.http.post(f"{life.tenant.url}/_sandbox/act", json=act)).raise_for_status()
    await life.live(days=8)
    assert [each.cancelled for each in await life.talks() if each.start == talk.start] == [True]

    await life.live_until_day(last + timedelta(days=1))
    away = [each for each in await life.letters("Ann") if first <= ann.local(each.at).date() <= last]
    assert away == []

    await life.live(days=35)
    (back, *_) = [each for each in await life.talks() if not each.cancelled and each.start.date() > last]
    assert workdays_after(last, ann.local(back.start).date()) in range(11, 22), "10 to 20 after the day of return"
    kinds = {each.id: each.kind for each in await life.check_ins("Ann")}
    assert kinds[back.check_in] == "return"
    assert list(kinds.values()).count("return") == 1
    (form,) = await life.letters("Ann", f"form/{back.check_in}")
    assert last < form.at.date() < back.start.date()
    shown = await life.visit("Ann", f"/reflections/{back.check_in}")
    assert "Nothing about your time away is asked." in shown.page.text
    await life.assert_sound()


def workdays_after(day: date, until: date) -> int:
    return sum((day + timedelta(days=n)).weekday() < 5 for n in range(1, (until - day).days + 1))

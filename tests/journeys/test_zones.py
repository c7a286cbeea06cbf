"""People who move to another time zone in the middle of a cycle, and a talk in the weeks when continents disagree."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cycle.policy import Policy, Rhythm
from tests.journeys.life import Life, Living

NEW_YORK = "America/New_York"
ANEW = "calendar is in another time zone now"


def on_the_wall(life: Life, name: str, instant: datetime, zone: str) -> bool:
    """Whether a talk that starts then is within the hours of somebody who lives in `zone`."""
    person, start = life.people[life.mail(name)], instant.astimezone(ZoneInfo(zone))
    return person.opens <= start.time() < (start + timedelta(minutes=45)).time() <= person.closes


@pytest.mark.parametrize("mover", ["Ann", "Mara"])
async def test_a_zone_move_in_the_middle_of_a_cycle_makes_one_new_event_and_tells_both_once(
    living: Living, mover: str
) -> None:
    async with living() as life:
        await life.live(days=2)
        (former,) = await life.talks()
        await life.act(mover, "change_zone", zone=NEW_YORK)
        await life.live(days=4)
        talks = [each for each in await life.talks() if not each.cancelled]
        (talk,) = talks
        assert talk.check_in == former.check_in
        zones = {"Ann": "Europe/Berlin", "Mara": "Europe/Berlin", mover: NEW_YORK}
        assert talk.zone == zones["Ann"]
        assert all(on_the_wall(life, name, talk.start, zone) for name, zone in zones.items())
        for name in ("Ann", "Mara"):
            events = [each for each in await life.calendar(name) if each["subject"] == "Check-in: Ann and Mara"]
            (stands,) = [each for each in events if not each["isCancelled"]]
            assert datetime.fromisoformat(stands["start"]) == talk.start
            assert sum(each["body"].count(ANEW) for each in events) == 1
        assert await life.letters() == [], "Outlook's own messages tell them"

        await life.live_until(talk.end)
        assert [each for each in await life.talks() if not each.cancelled] == [talk], "and then it stays"
        forms, pre_reads = await life.letters(key="form/"), await life.letters(key="pre-read/")
        assert len(forms) == 1
        assert sorted(life.first_name(each.to) for each in pre_reads) == ["Ann", "Mara"]
        for letter in (*forms, *pre_reads):
            name = life.first_name(letter.to)
            assert 9 <= letter.at.astimezone(ZoneInfo(zones[name])).hour < 17, "at an hour of where they live now"


async def test_in_the_weeks_when_europe_and_america_disagree_a_talk_is_in_both_peoples_day(living: Living) -> None:
    """On Thursday 14 March 2030 it is summer in New York and winter in Berlin: five hours, not six."""
    sixth_week = Policy(name="Quarterly check-ins", rhythm=Rhythm(weeks_of_period=(6, 6)))
    async with living(sixth_week) as life:
        await life.act("Mara", "change_zone", zone=NEW_YORK)
        await life.live_until_true(lambda: life.letters("Mara", "outcome/"), days=60)
        (talk,) = [each for each in await life.talks() if not each.cancelled]
        assert talk.start.date().isoformat()[:8] == "2030-03-"
        assert 11 <= talk.start.day <= 29
        assert on_the_wall(life, "Ann", talk.start, "Europe/Berlin")
        assert on_the_wall(life, "Mara", talk.start, NEW_YORK)
        (pre_read,) = await life.letters("Mara", "pre-read/")
        assert pre_read.at.astimezone(ZoneInfo(NEW_YORK)).hour in (9, 10), "half an hour after her day begins, there"
        (to_ann,) = await life.letters("Ann", "pre-read/")
        assert to_ann.at.astimezone(ZoneInfo("Europe/Berlin")).hour in (9, 10)

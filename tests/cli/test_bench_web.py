"""The benchmark of pages on what a demo left: every page opened there is opened again, and nothing there changes."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.bench_web import _measured
from cli.benchmarked import left_by_demo
from cli.demo import diary
from cli.demo.diary import Entry
from cli.demo.kept import Kept, read_kept, write_kept
from cli.refusal import Refused
from cli.showcase.house import open_house
from cli.showcase.times import Times

ENDED = datetime(2031, 5, 10, tzinfo=UTC)


async def test_a_folder_without_a_demo_that_came_to_its_end_is_refused_with_the_way_to_one(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"perennial demo --keep"):
        async with left_by_demo(tmp_path, tmp_path, os.environ):
            raise AssertionError


def test_what_is_kept_is_read_back_and_is_for_its_owner_only(tmp_path: Path) -> None:
    kept = Kept(seed=1, people=12, day0=ENDED.date(), ended=ENDED, encryption_keys="k")
    write_kept(tmp_path, kept)
    assert read_kept(tmp_path) == kept
    assert [file.stat().st_mode & 0o777 for file in tmp_path.iterdir()] == [0o600]


@pytest.mark.timeout(180)
async def test_what_people_opened_is_opened_again_at_the_hour_at_which_the_demo_ended(tmp_path: Path) -> None:
    folder, data = tmp_path / "kept", tmp_path / "data"
    folder.mkdir()
    data.mkdir()
    times = Times(ENDED + timedelta(hours=18))
    async with open_house(folder, os.environ, 12, times) as house:
        (ann,) = (each for each in house.cast.members if each.person.first_name == "Ann")
        keys = house.variables["PERENNIAL_ENCRYPTION_KEYS"]
    write_kept(folder, Kept(1, 12, times.long_ago.date(), ENDED, keys))
    plan, gone = f"/goals/{ann.key('goal-0')}", "/check-ins/gone"
    opened = [
        Entry(at=ENDED, person=ann.person.mail, did="opened_page", link=link, status=200) for link in (plan, gone)
    ]
    diary.append(folder / "diary.jsonl", opened)
    before = (folder / "perennial.db").read_bytes()
    figures = await _measured(left_by_demo(folder, data, os.environ), seconds=1, rate=20)
    assert figures.failed == 0
    assert plan in figures.weights
    assert gone not in figures.weights
    assert {"/", "/plan", "/ (manager)"} <= set(figures.weights)
    assert len(figures.everything) == 20
    assert (folder / "perennial.db").read_bytes() == before
    assert any("that a demo of 12 people left" in line for line in figures.lines())

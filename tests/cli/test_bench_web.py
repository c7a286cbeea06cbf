"""The benchmark of pages on what a demo left: every page opened there is opened again, and nothing there changes."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from cli.bench_web import Figures, Weight, _load, _measured, _signed_in
from cli.benchmarked import left_by_demo, seeded_year
from cli.demo import diary
from cli.demo.diary import Entry
from cli.demo.kept import Kept, read_kept, write_kept
from cli.main import app
from cli.refusal import Refused
from cli.showcase.house import open_house
from cli.showcase.times import Times
from integrations.database.tables import Reading
from tests.browser.pages import PAGES

NEVER_SIGNED_IN = {"/signed-out"}
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
    form = f"/reflections/{ann.key('talk')}"
    opened = [
        Entry(at=ENDED, person=ann.person.mail, did="opened_page", link=link, status=200)
        for link in (plan, gone, f"{form}?do=talk")
    ]
    diary.append(folder / "diary.jsonl", opened)
    before = (folder / "perennial.db").read_bytes()
    figures = await _measured(left_by_demo(folder, data, os.environ), seconds=1, rate=20)
    assert figures.failed == 0
    assert plan in figures.weights
    assert gone not in figures.weights
    assert {"/", "/plan", "/ (manager)", "/history (search)"} <= set(figures.weights)
    # A draft and its preview are no pages: nothing is linked to.
    drafted, previewed = figures.weights[f"{form}/draft"], figures.weights[f"{form}/preview"]
    assert drafted.writes > 0
    assert previewed.writes == 0
    assert drafted.bytes < 10_000
    assert previewed.bytes < 10_000
    assert len(figures.everything) == 20
    assert (folder / "perennial.db").read_bytes() == before
    assert any("that a demo of 12 people left" in line for line in figures.lines())


@pytest.mark.timeout(180)
async def test_of_a_seeded_year_every_page_is_opened_and_first_openings_count(tmp_path: Path) -> None:
    walked = {route for route in PAGES if route not in NEVER_SIGNED_IN}
    async with seeded_year(12, tmp_path, os.environ) as benchmarked:
        opened = [re.compile(f"^{re.sub('{[^}]*}', '[^/]+', route)}$") for route in sorted(walked)]
        paths = {visit.path.partition("?")[0] for visit in benchmarked.visits if not visit.typed}
        assert [each.pattern for each in opened if not any(map(each.match, paths))] == []

        async def noted() -> int:
            async with benchmarked.database.reading() as session:
                return await session.scalar(select(func.count()).select_from(Reading)) or 0

        figures, before = Figures("x", 2, 60, 0.0), await noted()
        cookies = await _signed_in(benchmarked.site, {visit.mail for visit in benchmarked.visits})
        await _load(benchmarked, benchmarked.visits, cookies, figures)
        assert figures.failed == 0
        # What had been noted is gone, and the load has noted anew what it opened.
        assert 0 < await noted() < before


@pytest.mark.parametrize(
    ("weight", "took", "failed", "hold"),
    [(149_000, 49.0, 0, True), (151_000, 49.0, 0, False), (149_000, 51.0, 0, False), (149_000, 49.0, 1, False)],
)
def test_it_ends_with_1_where_a_limit_does_not_hold(
    monkeypatch: pytest.MonkeyPatch, weight: int, took: float, failed: int, hold: bool
) -> None:
    figures = Figures("a database", 1, 1, 0.0, {"/": Weight(bytes=weight)}, failed=failed)
    figures.took["/"] = [took, took]

    async def measured(*_: object) -> Figures:
        return figures

    monkeypatch.setattr("cli.bench_web._measured", measured)
    told = CliRunner().invoke(app, ["bench", "web"])
    assert told.exit_code == (0 if hold else 1)
    assert ("DOES NOT HOLD" in told.output) is (weight > 150_000 or took > 50)

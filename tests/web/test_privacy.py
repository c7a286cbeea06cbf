"""The privacy page tells who read what and gives everything out that is one's own, and nothing that is not."""

import html
import io
import json
import re
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from markupsafe import escape
from sqlalchemy import select, update

from activities.letters.catalogue import KINDS
from integrations.database.exports import LEFT_OUT, PARTS
from integrations.database.letters import owe_letter
from integrations.database.readings import MOST, note_reading
from integrations.database.tables import (
    Answer,
    Audit,
    Handover,
    InterestRow,
    LetterItem,
    OutcomeAnswer,
    Person,
    Reading,
    Reporting,
    RoleOfPerson,
    StallAnswer,
    Supporter,
    Table,
)
from tests.web.planted import TEXTS, plant, sentence
from web.export_words import CATALOGUED, CODES
from web.exports import LABELS
from web.rate_limits import EXPORTS


@pytest.fixture
async def planted(world: Any) -> Any:
    await plant(world)
    return world


async def exported(world: Any, name: str) -> tuple[str, dict[str, Any]]:
    """The page and the JSON of somebody's export."""
    answer = await (await world.browser(name)).post("/privacy/export")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="perennial-2030-03-04.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        assert files.namelist() == ["perennial.html", "perennial.json"]
        return files.read("perennial.html").decode(), json.loads(files.read("perennial.json"))


def test_every_table_is_exported_or_left_out_with_a_reason() -> None:
    exported_ones = [part.table for part in PARTS]
    assert len(exported_ones) == len(set(exported_ones))
    tables = {mapper.class_ for mapper in Table.registry.mappers}
    assert {table.__tablename__ for table in tables} == set(Table.metadata.tables)
    forgotten = {table.__tablename__ for table in tables - set(exported_ones) - set(LEFT_OUT)}
    assert forgotten == set(), "give it a part in integrations/database/exports.py, or a reason"
    assert not set(exported_ones) & set(LEFT_OUT)
    assert all(LEFT_OUT.values())


def test_what_is_left_out_of_a_table_is_there_and_has_a_reason() -> None:
    for part in PARTS:
        assert set(part.without) <= set(part.table.__table__.columns.keys()), part.table.__tablename__
        assert all(part.without.values())


def test_every_text_of_a_part_has_a_place_on_the_page_for_people() -> None:
    for part in PARTS:
        for name, column in part.table.__table__.columns.items():
            if type(column.type).__name__ == "EncryptedText" and name not in part.without:
                assert name in LABELS, f"{part.table.__tablename__}.{name} is shown only in the JSON"


async def test_an_export_has_every_word_of_its_person_drafts_and_withdrawn_ones_too(planted: Any) -> None:
    page, data = await exported(planted, "ann")
    told = json.dumps(data, ensure_ascii=False)
    for name, text in TEXTS.items():
        if text.writer == "ann" and not text.looks:
            assert json.dumps(sentence(name), ensure_ascii=False)[1:-1] in told, name
    assert "<script>steal" not in page
    assert "&lt;script&gt;steal(&#34;private answer&#34;)" in page
    assert data["tables"]["people"][0]["mail"] == "ann@example.org"
    assert {row["partner"].split()[0] for row in data["tables"]["check_ins"]} == {"Mara", "Fern"}
    assert "held" not in data["tables"]["enrolments"][0]
    assert "enrolments.held" in data["left_out"]


async def test_nobody_s_export_has_a_word_that_is_another_s_to_keep(planted: Any) -> None:
    for name in ("mara", "fern", "nora", "hale", "ira", "otto"):
        page, data = await exported(planted, name)
        told = page + json.dumps(data)
        for text, about in TEXTS.items():
            if about.private and about.writer != name:
                assert f'steal(\\"{text}' not in told.replace("&#34;", '\\"'), (name, text)
        if name in {"hale", "ira", "otto"}:
            assert 'steal(\\"' not in told.replace("&#34;", '\\"').replace('steal(\\"a name', ""), name


async def test_an_export_is_noted_and_so_is_what_others_wrote_in_it(planted: Any) -> None:
    await exported(planted, "mara")
    async with planted.database.reading() as session:
        rows = (await session.scalars(select(Audit))).all()
        readings = {(row.reader_id, row.owner_id, row.what) for row in await session.scalars(select(Reading))}
    assert [(row.who, row.did) for row in rows] == [("person-mara", "exported their own data")]
    read = ("notes/check-in-1", "notes/over", "action/reworded-action")
    of_anns = {("person-mara", "person-ann", what) for what in read}
    assert readings == of_anns | {("person-mara", "person-lena", "action/manager-action")}


async def test_a_get_exports_nothing(planted: Any) -> None:
    assert (await (await planted.browser("ann")).get("/privacy/export")).status_code == 405


async def test_an_export_after_the_other_has_to_wait(planted: Any) -> None:
    browser = await planted.browser("otto")
    for _ in range(EXPORTS.at_once):
        assert (await browser.post("/privacy/export")).status_code == 200
    answer = await browser.post("/privacy/export")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 60


async def test_an_export_speaks_the_language_of_its_person(planted: Any) -> None:
    browser = await planted.browser("ann")
    await browser.post("/language", data={"language": "de"})
    answer = await browser.post("/privacy/export")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        page = files.read("perennial.html").decode()
    assert "Was Perennial von Ann" in page
    assert "Deine Antworten, auch Entwürfe" in page


async def test_the_page_of_an_export_says_days_hours_and_what_codes_mean(planted: Any) -> None:
    now = planted.clock.at
    async with planted.database.transaction() as session:
        ann = await session.get_one(Person, "person-ann")
        ann.away = [[now.isoformat(), (now + timedelta(days=2)).isoformat()]]
        ann.language, ann.language_chosen, ann.hired_on = "de-AT", "de", date(2029, 1, 8)
        session.add(RoleOfPerson(person_id="person-ann", role="guide", source="own", since=now.date()))
        session.add(OutcomeAnswer(check_in_id="over", person_id="person-ann", booking_no=1, said="held", said_at=now))
        await owe_letter(session, "form/check-in-1", "person-ann", "reflection_request", now, now)
    for name in ("ann", "mara", "nora", "hale"):
        browser = await planted.browser(name)
        await browser.get("/check-ins/over")
        await browser.post("/language", data={"language": "de"})
        page, _ = await exported(planted, name)
        told = re.findall(r"<dd>(.*?)</dd>", page, re.DOTALL)
        assert told
        assert [each for each in told if re.search(r"\d{4}-\d\d-\d\d", each)] == []
        codes = {code for words in CODES.values() for code in words} - {"moved", "action", "goal", "note"}
        assert [each for each in told if each.strip() in codes or re.match(r"[a-z-]+/", each)] == []
        if name == "ann":
            for words in (
                "Montag, 4. März 2030 um 10:00 Uhr – Mittwoch, 6. März 2030 um 10:00 Uhr",
                "Montag, 8. Jänner 2029",
                "Deutschland",
                "Deutsch (Österreich)",
                "Was hast du seit dem letzten Mal gelernt",
                "Ja, wir haben gesprochen",
            ):
                assert words in page, words


def test_every_code_on_the_page_of_an_export_has_words() -> None:
    plain = {"mail", "name", "zone", "country", "language", "language_chosen", "period"}
    for part in PARTS:
        table = part.table.__tablename__
        for name, column in part.table.__table__.columns.items():
            if type(column.type).__name__ == "String" and name in LABELS and name not in part.without:
                assert (table, name) in CODES or (table, name) in CATALOGUED or name in plain, f"{table}.{name}"
    assert set(CODES["letter_items", "kind"]) == set(KINDS)


async def test_readings_are_told_by_day_and_reader_each_with_its_thing(planted: Any) -> None:
    now = planted.clock.at
    async with planted.database.transaction() as session:
        for reader, what, days in (
            ("mara", "plan/plan", 0),
            ("mara", "action/action", 0),
            ("mara", "action/manager-action", 0),
            ("mara", "goal/goal", 0),
            ("hale", "stall/stall", 0),
            ("mara", "notes/check-in-1", 1),
            ("mara", "something-new/1", 1),
        ):
            await note_reading(session, planted.people[reader], "person-ann", what, now - timedelta(days=days))
    page = (await (await planted.browser("ann")).get("/privacy")).text
    part = page.split('id="read"')[1].split("</section>")[0]
    first, second = part.split("<h3>")[1:]
    assert "Monday 4 March 2030" in first
    assert first.count("<li>") == 2
    assert '<a href="/plan">your plan</a>' in first
    assert f'<a href="/actions/action">the action “{escape(sentence("action"))}”</a>' in first
    assert f'<a href="/goals/goal">the goal “{escape(sentence("goal"))}”</a>' in first
    assert '<a href="/actions/manager-action">an action</a>' in first, "its title is another's to write"
    assert '<a href="/stalls/stall">what you said is in the way</a>' in first
    assert "Sunday 3 March 2030" in second
    assert '<a href="/check-ins/check-in-1#notes">your notes of a check-in</a>' in second
    assert "something of yours" in second
    other = (await (await planted.browser("mara")).get("/privacy")).text
    assert "Nobody has read anything of yours here yet." in other


async def test_the_page_says_when_there_are_older_readings(planted: Any) -> None:
    now, ann = planted.clock.at, await planted.browser("ann")
    for days, told in ((1, False), (MOST, True)):
        async with planted.database.transaction() as session:
            for ago in range(days):
                await note_reading(
                    session, planted.people["mara"], "person-ann", "plan/plan", now - timedelta(days=ago)
                )
        assert ("These are the newest." in (await ann.get("/privacy")).text) == told
    async with planted.database.transaction() as session:
        await note_reading(session, planted.people["mara"], "person-ann", "plan/plan", now - timedelta(days=MOST))
    _, everything = await exported(planted, "ann")
    assert str((now - timedelta(days=MOST)).date()) in {each["day"] for each in everything["tables"]["readings"]}


async def test_every_thing_that_somebody_read_can_be_opened_by_its_owner(planted: Any) -> None:
    mara = await planted.browser("mara")
    for path in ("/check-ins/check-in-1", "/plans/plan", "/actions/action", "/handovers/handover"):
        assert (await mara.get(path)).status_code == 200
    ann = await planted.browser("ann")
    part = (await ann.get("/privacy")).text.split('id="read"')[1].split("</section>")[0]
    links = {each.split('"')[0].partition("#")[0] for each in part.split('href="')[1:]}
    assert len(links) >= 4
    for link in links:
        assert (await ann.get(link)).status_code == 200, link


async def test_a_supporter_opens_what_was_read_of_their_words(planted: Any) -> None:
    ann, nora = await planted.browser("ann"), await planted.browser("nora")
    assert (await ann.get("/goals/goal")).status_code == 200
    part = (await nora.get("/privacy")).text.split('id="read"')[1].split("</section>")[0]
    links = [each.split('"')[0].partition("#")[0] for each in part.split('href="')[1:]]
    assert "/supporting/support" in links
    for link in links:
        assert (await nora.get(link)).status_code == 200, link


async def test_what_is_shared_can_be_found_and_taken_back(planted: Any) -> None:
    ann = await planted.browser("ann")
    part = (await ann.get("/privacy")).text.split('id="shared"')[1].split("</section>")[0]
    assert 'href="/reflections/check-in-1"' in part
    assert 'href="/reflections/before"' not in part, "a former manager sees it no more"
    assert part.count("One answer") == 1, "neither a private nor a withdrawn one counts"
    async with planted.database.transaction() as session:
        for row in await session.scalars(select(Answer)):
            row.withdrawn_at = planted.clock.at
    assert "/reflections/" not in (await ann.get("/privacy")).text.split('id="shared"')[1].split("</section>")[0]


async def test_feedback_interests_and_supporters_are_among_what_is_shared(planted: Any) -> None:
    async def shared(name: str) -> str:
        page = (await (await planted.browser(name)).get("/privacy")).text
        return html.unescape(page.split('id="shared"')[1].split("</section>")[0])

    async with planted.database.transaction() as session:
        (await session.get_one(InterestRow, "interest")).shared = False
    part = await shared("ann")
    assert 'href="/feedback/shown">Feedback from Nora Sand' in part
    assert "/feedback/read" not in part, "it is shown to nobody"
    assert f"“{sentence('goal')}”, with Nora Sand" in part
    assert "interest" not in part
    async with planted.database.transaction() as session:
        (await session.get_one(InterestRow, "interest")).shared = True
        (await session.get_one(Supporter, "support")).state = "withdrawn"
    part = await shared("ann")
    assert re.search("Your interest in “[^”]+”, with Mara Lind", part)
    assert "with Nora Sand" not in part
    assert "Nothing of yours is shared" in await shared("otto")
    async with planted.database.transaction() as session:
        await session.execute(update(Reporting).values(until=planted.clock.at.date()))
    assert "with Mara" not in await shared("ann"), "who holds them no more sees nothing of it"


async def test_a_change_of_partner_is_offered_until_and_after_it_is_answered(planted: Any) -> None:
    ann = await planted.browser("ann")
    assert "Choose what is shown" in (await ann.get("/privacy")).text
    assert 'href="/handovers/handover"' not in (await (await planted.browser("mara")).get("/privacy")).text
    async with planted.database.transaction() as session:
        (await session.get_one(Handover, "handover")).answered_at = planted.clock.at
    assert "Change what is shown" in (await ann.get("/privacy")).text


async def test_hr_s_reading_of_an_allowed_reason_is_told_to_whoever_allowed_it(planted: Any) -> None:
    now = planted.clock.at
    async with planted.database.transaction() as session:
        session.add(StallAnswer(stall_id="stall", person_id="person-ann", reason="time", to_hr=True, answered_at=now))
        await owe_letter(
            session, "support/plan/stall/hr/hale", "person-hale", "support_request", now, now, stall_id="stall"
        )
        await session.flush()
        (await session.get_one(LetterItem, "support/plan/stall/hr/hale")).sent_at = now
    page = (await (await planted.browser("hale")).get("/hr")).text
    assert "In the way: time" in page
    assert "The people whose words you read here can see that you did" in page
    part = (await (await planted.browser("ann")).get("/privacy")).text.split('id="read"')[1].split("</section>")[0]
    assert "Hale Roth" in part
    assert 'href="/stalls/stall"' in part

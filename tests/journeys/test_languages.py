"""Somebody whose mailbox is set to German is written to in German, and finds the pages in it."""

from tests.journeys.life import Life

SHARED = "Customers call me when numbers look odd."


async def test_ann_reads_german_and_mara_english(life: Life) -> None:
    await life.act("Ann", "change_language", language="de-DE")
    await life.live_until_true(lambda: life.letters("Ann", "form/"), days=60)
    (form,) = await life.letters("Ann", "form/")
    assert form.subject.startswith("Vor deinem Check-in am ")
    assert "Meine Fragen öffnen" in form.body
    (talk,) = await life.talks()
    check_in_id = str((await life.check_ins("Ann"))[0].id)
    assert (await life.event(check_in_id))["subject"].startswith("Check-in: Ann ")

    # A page that the one frame of all pages surrounds.
    assert "Abmelden" in (await life.visit("Ann", "/")).page.text
    assert "Sign out" in (await life.visit("Mara", "/")).page.text
    await life.answer_form("Ann", check_in_id, SHARED, share=True)
    await life.live_until(talk.start)
    (mine,), (theirs,) = await life.letters("Ann", "pre-read/"), await life.letters("Mara", "pre-read/")
    assert mine.subject.startswith("Für euren Check-in ")
    assert theirs.subject.startswith("For your check-in ")
    for letter in (mine, theirs):
        assert SHARED.removesuffix(".") in letter.body
    await life.assert_sound()

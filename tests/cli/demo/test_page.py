"""A page is read as a person sees it: words, links in order, and forms as they stand."""

from hypothesis import given
from hypothesis import strategies as st

from cli.demo.page import read_page

SITE = "http://127.0.0.1:8000/check-ins/7"


def test_a_form_keeps_what_stands_in_it() -> None:
    page = read_page(
        """<title>unseen</title><h1>Check-in: Ann &amp; Mara</h1>
        <form method="post" action="/check-ins/7/actions">
        <input type="hidden" name="form_token" value="t-1"><input name="title">
        <textarea name="text">
two
lines</textarea>
        <select name="owner"><option value="a">I do</option><option value="m" selected>Mara does</option></select>
        <input type="checkbox" name="private" value="yes"><input type="checkbox" name="seen" checked>
        <input type="radio" name="whom" value="partner"><input type="radio" name="whom" value="hr">
        <button name="do" value="save">Save it</button></form>""",
        SITE,
    )
    form = page.form("/check-ins/7/actions")
    assert form is not None
    assert page.heading == "Check-in: Ann & Mara"
    assert "unseen" not in page.text
    assert form.action == "http://127.0.0.1:8000/check-ins/7/actions"
    assert form.values == {"form_token": "t-1", "title": "", "text": "two\nlines", "owner": "m", "seen": "on"}
    assert form.boxes["private"] == "yes"
    assert form.choices["owner"] == [("a", "I do"), ("m", "Mara does")]
    assert [value for value, _ in form.choices["whom"]] == ["partner", "hr"]
    assert form.buttons == [("do", "save", "Save it")]


def test_a_form_without_action_posts_to_its_own_page() -> None:
    page = read_page("<form method=post><button>Save</button></form>", f"{SITE}?said=held")
    assert page.form("/check-ins/7") is not None
    assert page.form("/check-ins/7/notes") is None


def test_each_link_knows_the_words_before_it() -> None:
    page = read_page("<p>One thing.</p><a href='/a'>Open</a><p>Another.</p><a href='/b'>Look</a>", SITE)
    assert [(link.label, link.before) for link in page.links] == [("Open", "One thing."), ("Look", "Another.")]
    assert page.links[0].href == "http://127.0.0.1:8000/a"


@given(st.text())
def test_no_page_is_too_odd_to_be_read(html: str) -> None:
    read_page(html, SITE)


def test_each_form_knows_what_one_reads_in_it() -> None:
    page = read_page("<form><h2>At ten</h2><button>Take it</button></form><p>or</p><form><h2>At two</h2></form>", SITE)
    assert [form.words for form in page.forms] == [["At ten", "Take it"], ["At two"]]


def test_each_box_knows_what_stands_beside_it() -> None:
    boxes = "".join(
        f'<label><input type="checkbox" name="{name}" value="yes"> <span>{words} <i>(new)</i></span></label><p>Why.</p>'
        for name, words in (("a", "One thing"), ("b", "Another"))
    )
    (form,) = read_page(f"<form>{boxes}</form>", SITE).forms
    assert form.labels == {"a": "One thing (new)", "b": "Another (new)"}

"""How pages are made: whole, or the one part that htmx asks for; and the parts of forms."""

import re
from typing import Any

import pytest
from jinja2 import DictLoader, Environment
from starlette.requests import Request
from starlette.responses import Response

from web.pages import _environment, page

PARTS = """{% extends "layout.html" %}
{% import "forms.html" as forms %}
{% set word = "found" %}
{% block title %}T{% endblock %}
{% block main %}<h1>Whole</h1>
<div id="the-results">{% block the_results %}{{ forms.said(word) }}{% endblock %}</div>{% endblock %}
"""


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    made: Environment = _environment("en")
    assert made.loader is not None
    there = made.loader

    class Both(DictLoader):
        def get_source(self, environment: Environment, template: str) -> Any:
            if template in self.mapping:
                return super().get_source(environment, template)
            return there.get_source(environment, template)

    monkeypatch.setattr(made, "loader", Both({"parts.html": PARTS}))


@pytest.mark.usefixtures("parts")
async def test_htmx_gets_the_block_that_it_will_fill_and_nobody_else_does(world: Any) -> None:
    async def show(request: Request) -> Response:
        return page(request, "parts.html")

    world.app.add_route("/parts", show)
    browser = await world.browser()
    asked = {"HX-Request": "true", "HX-Target": "the-results"}
    assert (await browser.get("/parts", headers=asked)).text.strip() == '<p class="said" role="status">found</p>'
    for headers in (
        {},
        {"HX-Target": "the-results"},
        {"HX-Request": "true", "HX-Target": "elsewhere"},
        asked | {"HX-History-Restore-Request": "true"},
    ):
        answer = await browser.get("/parts", headers=headers)
        assert answer.text.startswith("<!doctype html>")
        assert "<h1>Whole</h1>" in answer.text


async def test_signed_out_htmx_is_told_so_instead_of_being_led_to_another_site(world: Any) -> None:
    browser = await world.browser()
    assert (await browser.get("/plan", headers={"HX-Request": "true"})).status_code == 401


def rendered(source: str) -> str:
    return _environment("en").from_string('{% import "forms.html" as forms %}' + source).render()


def test_a_field_has_its_label_and_says_its_hint_and_its_error() -> None:
    html = rendered('{{ forms.field("what", "What <b>", "it\\"s", hint="H", error="E", most=80) }}')
    assert '<label for="what">What &lt;b&gt;</label>' in html
    assert 'value="it&#34;s"' in html
    assert 'aria-describedby="what-hint what-error"' in html
    assert 'aria-invalid="true"' in html
    assert '<p class="error" id="what-error">E</p>' in html


def test_a_field_without_hint_or_error_points_nowhere() -> None:
    html = rendered('{{ forms.field("what", "What") }}{{ forms.area("more", "More") }}')
    assert "aria-describedby" not in html
    assert "aria-invalid" not in html


def test_a_text_of_several_lines_keeps_its_first_line_break() -> None:
    assert "\n\nx</textarea>" in rendered('{{ forms.area("a", "A", "\\nx") }}')


def test_further_arguments_become_attributes() -> None:
    assert 'hx-get="/history"' in rendered('{{ forms.field("q", "Q", **{"hx-get": "/history"}) }}')


def test_one_of_several_is_chosen() -> None:
    for macro in ("select", "pick"):
        html = rendered(f'{{{{ forms.{macro}("m", "M", {{"a": "A", "b": "B"}}, "b") }}}}')
        assert html.count("selected" if macro == "select" else "checked") == 1


CANARY = "the heron nests behind the boathouse"


async def test_what_was_sent_to_something_that_is_gone_is_shown_again(world: Any) -> None:
    answer = await (await world.browser("ann")).post("/supporting/gone/words", data={"text": CANARY, "form_token": "t"})
    assert answer.status_code == 404
    assert "There is nothing here for you" in answer.text
    assert f'role="region">{CANARY}</pre>' in answer.text
    assert answer.text.count("<pre") == 1


async def test_a_fault_of_ours_shows_what_was_typed(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("web.notes.add_note", fails)
    browser = await world.browser("ann")
    answer = await browser.post("/check-ins/check-in-1/notes", data={"text": CANARY})
    assert answer.status_code == 500
    assert "stands below" in answer.text
    assert f'role="region">{CANARY}</pre>' in answer.text
    assert CANARY not in (await browser.get("/nowhere")).text


async def test_only_words_are_shown_again_and_not_what_a_form_remembers(world: Any) -> None:
    typed = {"text-learned": CANARY, "share-learned": "yes", "seen-learned": "0123abcd", "shown-learned": CANARY + "."}
    answer = await (await world.browser()).post("/reflections/check-in-1", data={**typed, "line-learned": "A line"})
    assert answer.status_code == 401
    assert re.findall(r"<pre[^>]*>([^<]*)</pre>", answer.text) == [CANARY, "A line"]


async def test_who_was_signed_out_while_typing_comes_back_to_the_form(world: Any) -> None:
    browser = await world.browser()
    sent = {"Referer": "http://127.0.0.1:8000/check-ins/check-in-1?change=n"}
    answer = await browser.post("/check-ins/check-in-1/notes", data={"text": CANARY}, headers=sent)
    (link,) = re.findall(r'class="button" href="([^"]*)"', answer.text)
    assert link == "/sign-in?to=%2Fcheck-ins%2Fcheck-in-1%3Fchange%3Dn"
    await browser.get(link)
    done = await browser.get("/sign-in/done", params={"as": "oid-ann", "state": "s1"})
    assert done.headers["location"] == "/check-ins/check-in-1?change=n"


@pytest.mark.parametrize("page", ["", "https://evil.example//evil.example/x", "http://[", "javascript:alert(1)"])
async def test_a_strange_page_leads_to_the_start_after_the_sign_in(world: Any, page: str) -> None:
    browser = await world.browser()
    answer = await browser.post("/plan/help", data={"whom": "hr"}, headers={"Referer": page} if page else {})
    (link,) = re.findall(r'class="button" href="(/sign-in[^"]*)"', answer.text)
    await browser.get(link)
    done = await browser.get("/sign-in/done", params={"as": "oid-ann", "state": "s1"})
    assert done.headers["location"] == "/"

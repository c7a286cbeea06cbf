"""How a page is made, with escaping on; and every error as a page with a sentence and a way on."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi.exceptions import RequestValidationError
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from config.languages import NAMES, Words, locale_for, words_in
from config.languages.templates import compiled_in
from cycle.natural_dates import EXAMPLE
from cycle.sentences import Quote, Sentence
from integrations.database.people import local_day
from web.assets import asset
from web.face import face_of
from web.headings import kept_whole

HERE = Path(__file__).parent
LONGEST_TEXT = 20_000
"""Characters of one typed text; some ten pages."""

_NO_WORDS = re.compile(
    r"form_token|do|back|from|told|period|round|slot|booking_no|owner|goal|modality|private|(seen|shown|share|show)(-.*)?"
)
"""Fields that a form remembers or that somebody chose: of no use to whoever wants their words back."""

_WAYS = {
    403: (
        Sentence("This did not come from one of our pages"),
        Sentence("Open the page again and send it from there."),
    ),
    404: (
        Sentence("There is nothing here for you"),
        Sentence(
            "Either there is no such page, or it belongs to other people. If a letter brought you here, "
            "check that you are signed in as the person it was written to."
        ),
    ),
    405: (
        Sentence("This page cannot be used that way"),
        Sentence("Go back to the start and follow the links from there."),
    ),
    413: (Sentence("That is more than we can take at once"), Sentence("Send a shorter text.")),
    422: (
        Sentence("Something in the form does not fit"),
        Sentence("Go back, correct it, and send it again."),
    ),
    500: (
        Sentence("Something went wrong on our side"),
        Sentence("Nothing you saved earlier is lost. Go back, and send it again in a few minutes."),
    ),
    503: (
        Sentence("We cannot reach what we need right now"),
        Sentence("Please try again in a few minutes."),
    ),
}


class NotHere(Exception):
    """The page does not exist, or is not this person's: nobody learns which."""


class Unfit(Exception):
    """What was sent cannot be taken; `sentence` says what does not fit and what to do.

    `typed` is shown again, so that nothing written is lost.
    """

    def __init__(self, sentence: str, typed: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.typed = dict(typed or {})


def words_of(request: Request) -> Words:
    """The words of whoever is signed in; before that, in the first language that the browser asks for and we speak."""
    known: str | None = getattr(request.state, "locale", None)
    asked = request.headers.get("accept-language", "")
    default = face_of(request).settings.language
    return words_in(known or locale_for((each.split(";")[0] for each in asked.split(",")), default))


@cache
def _environment(locale: str) -> Environment:
    words = words_in(locale)
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        bytecode_cache=compiled_in(words.language),
    )
    made.policies["ext.i18n.trimmed"] = True
    # From the extension, which types do not see.
    made.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {"language": words.language, "languages": NAMES, "asset": asset}
    made.globals["example_day"] = words.short_day(EXAMPLE)
    made.filters["say"] = lambda said: say_in_html(words, said)
    made.filters["day"] = words.day
    made.filters["short_day"] = words.short_day
    made.filters["hour"] = words.hour
    made.filters["day_of"] = lambda at, person: local_day(person, at)
    return made


def say_in_html(words: Words, said: str) -> str:
    """As `Words.say`; what a sentence quotes is marked as English, for whoever has the page read out."""
    if not isinstance(said, Sentence) or not said.values:
        return words.say(said)
    return escape(words.gettext(said.template)).format(
        **{name: _in_html(words, value) for name, value in said.values.items()}
    )


def _in_html(words: Words, value: Any) -> Any:
    if isinstance(value, Sentence):
        return say_in_html(words, value)
    if isinstance(value, Quote):
        return words.quoted(Markup('<span lang="en">{}</span>').format(value))
    return words.value(value)


def page(request: Request, template: str, status: int = 200, **facts: Any) -> HTMLResponse:
    """Renders `templates/<template>` in its reader's language; it has `viewer` (or None) besides `facts`.

    `noted`: somebody learns that their words were read here, which the page then says.

    Asked by htmx for an element, it renders that element's block alone: forms.html says how.
    """
    words = words_of(request)
    made = _environment(words.locale).get_template(template)
    facts.setdefault("viewer", getattr(request.state, "viewer", None))
    facts.setdefault("typed", {})
    facts.setdefault("errors", {})
    facts.setdefault("noted", False)
    facts["help_contact"] = words.say(face_of(request).settings.help_contact)
    facts["navigation"] = request.app.state.navigation
    facts["here"] = request.url.path if status < 400 else ""
    # A page of trouble says the same wherever it is met.
    facts["page_address"] = _address(request) if request.method == "GET" and status < 400 else "/"
    facts["fragment"] = fragment if (fragment := _target(request)) in made.blocks else None
    return HTMLResponse(kept_whole(made.render(**facts)), status_code=status)


def rendered(request: Request, template: str, **facts: Any) -> str:
    """A template that is no page of ours, such as a file to keep, in its reader's language."""
    return _environment(words_of(request).locale).get_template(template).render(**facts)


def _target(request: Request) -> str | None:
    """The block that htmx wants: that of the element which it will fill."""
    if "hx-request" not in request.headers or "hx-history-restore-request" in request.headers:
        return None
    return request.headers.get("hx-target", "").replace("-", "_")


def _address(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def go(path: str) -> RedirectResponse:
    """After a post: on to a page that can be loaded again safely."""
    return RedirectResponse(path, status_code=303)


def trouble(
    request: Request,
    status: int,
    *,
    title: str | None = None,
    sentence: str | None = None,
    typed: Mapping[str, str] | None = None,
    way_on: tuple[str, str] = (Sentence("To the start"), "/"),
) -> HTMLResponse:
    """The page for an error: what happened, a way on, and what was typed, to be copied."""
    kept = {name: text for name, text in (typed or {}).items() if text.strip() and not _NO_WORDS.fullmatch(name)}
    usual = _WAYS.get(status, _WAYS[500 if status >= 500 else 422])
    return page(
        request,
        "trouble.html",
        status,
        title=title or usual[0],
        sentence=sentence or usual[1],
        way_on=way_on,
        typed=kept,
    )


async def typed_in(request: Request) -> dict[str, str]:
    """The text fields of a posted form; line ends as one character, nothing that no keyboard types.

    Raises Unfit for a text that is too long.
    """
    form = await request.form()
    texts = {
        name: value.replace("\r\n", "\n").replace("\0", "") for name, value in form.items() if isinstance(value, str)
    }
    request.state.typed = texts
    if any(len(text) > LONGEST_TEXT for text in texts.values()):
        raise Unfit(
            Sentence("One of your texts is longer than {most} characters; please shorten it.", most=LONGEST_TEXT), texts
        )
    return texts


def typed_before(request: Request) -> Mapping[str, str]:
    """What was typed into the form that failed, where it has been read already."""
    typed: Mapping[str, str] = getattr(request.state, "typed", {})
    return typed


async def on_not_here(request: Request, _error: Exception) -> Response:
    return trouble(request, 404, typed=typed_before(request))


async def on_unfit(request: Request, error: Exception) -> Response:
    assert isinstance(error, Unfit)
    return trouble(request, 422, sentence=error.sentence, typed=error.typed)


async def on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = trouble(request, error.status_code)
    answer.headers.update(error.headers or {})
    return answer


async def on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return trouble(request, 422)

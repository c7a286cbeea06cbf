"""Makes one message of its parts: subject, preview, plain text and HTML, all worded by `templates/`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import mrml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from activities.letters.catalogue import Part, PreRead, facts, open_facts
from activities.letters.wording import Wording
from config.languages import DEFAULT, words_in
from config.languages.templates import compiled_in

# What XML cannot hold, and no letter needs.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

# How the element begins that MJML puts around all that is seen.
_LETTER = "<div aria-label="

# A font fetched from the web would tell its host who reads which letter, and when.
_NO_WEB_FONTS = mrml.RenderOptions(fonts={})


def _without_control(value: Any) -> Any:
    if isinstance(value, Markup):
        return Markup(_CONTROL.sub("", str(value)))  # noqa: S704 - it was safe, and is less of it
    return _CONTROL.sub("", value) if isinstance(value, str) else value


@cache
def _templates(locale: str) -> Environment:
    """The templates of one locale; what a person wrote is put into them, and never translated."""
    words = words_in(locale)
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(enabled_extensions=("mjml",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
        finalize=_without_control,
        bytecode_cache=compiled_in(words.language),
    )
    # From the extension, which types do not see.
    made.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(Wording(words).globals(), language=words.language)
    return made


@dataclass(frozen=True, slots=True)
class Rendered:
    """One message, ready to send. Subject and preview carry nothing that a person wrote."""

    subject: str
    preview: str
    text: str = field(repr=False)
    html: str = field(repr=False)


def render(
    recipient_name: str,
    parts: Sequence[Part],
    home_url: str,
    help_contact: str,
    privacy_url: str,
    locale: str = DEFAULT,
) -> Rendered:
    """Render `parts`, in their order, as one message to `recipient_name` (the name in the greeting).

    The facts of the parts are said in `locale` already. One part brings its own subject; several share a neutral one.
    Raises ValueError for no parts, and for a part that travels alone but was given company.
    """
    if not parts:
        raise ValueError("A letter needs at least one part; this message has none.")
    alone = [part.template for part in parts if part.travels == "alone"]
    if alone and len(parts) > 1:
        raise ValueError(f"A {alone[0]} travels alone; send it as a message of its own.")

    subject, preview = _subject(recipient_name, parts, locale)
    # Both readers of a pre-read get the same letter, to the greeting.
    name = parts[0].names if isinstance(parts[0], PreRead) else recipient_name
    frame = {
        "name": name,
        "home_url": home_url,
        # Whom an installation names stays as it is; what we say where it names nobody is said in every language.
        "help_contact": words_in(locale).say(help_contact),
        "privacy_url": privacy_url,
    }
    texts = [_fill(locale, f"{part.template}/body.txt", facts(part)).strip() for part in parts]
    bodies = [_fill(locale, f"{part.template}/body.mjml", facts(part)) for part in parts]
    mjml = _fill(
        locale,
        "layout/body.mjml",
        {**frame, "subject": subject, "preview": preview, "bodies": bodies},
    )
    return Rendered(
        subject=subject,
        preview=preview,
        text=re.sub(r"\n{3,}", "\n\n", _fill(locale, "layout/body.txt", {**frame, "bodies": texts})).strip() + "\n",
        html=_html(mjml),
    )


def _html(mjml: str) -> str:
    """Raises ValueError for what is no MJML."""
    try:
        html = str(mrml.to_html(mjml, render_options=_NO_WEB_FONTS).content)
    except OSError as error:
        raise ValueError(f"A letter is not MJML: {type(error).__name__}.") from error
    # Where a letter is a document of its own, whoever listens can go to what it says; mail clients drop the element.
    return html.replace(_LETTER, f"<main>{_LETTER}", 1).replace("</body>", "</main></body>", 1)


def _subject(recipient_name: str, parts: Sequence[Part], locale: str) -> tuple[str, str]:
    """A subject.txt is two lines, subject and preview, and sees no field that a person wrote."""
    if len(parts) == 1:
        name, shown = f"{parts[0].template}/subject.txt", open_facts(parts[0])
    else:
        name, shown = (
            "layout/subject.txt",
            {"name": recipient_name, "count": len(parts)},
        )
    # A line break in a name would otherwise become a second subject, or a header.
    flat = {key: " ".join(value.split()) if isinstance(value, str) else value for key, value in shown.items()}
    subject, preview = _fill(locale, name, flat).strip().splitlines()
    return subject, preview


def _fill(locale: str, template: str, values: dict[str, object]) -> str:
    return _templates(locale).get_template(template).render(values)

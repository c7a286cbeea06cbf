"""What there is to translate: every text the sources mark, and how far each language has come."""

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from config.languages import LANGUAGES, Language, catalogue_of

ROOT = Path(__file__).parent.parent.parent
_SOURCES = ("activities", "config", "cycle", "integrations", "web", "workflows")
_METHODS = [("**.py", "python"), ("**/templates/**.*", "jinja2")]
_TEMPLATES = {
    "encoding": "utf-8",
    "trimmed": "true",
    "trim_blocks": "true",
    "lstrip_blocks": "true",
    "newstyle_gettext": "true",
    "silent": "false",
}
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "Sentence": None}
_WIDTH = 120


def marked() -> Catalog:
    """Every text that the sources mark: `Sentence(...)`, `_(...)`, `{% trans %}`."""
    found = Catalog(charset="utf-8")
    for source in _SOURCES:
        messages = extract_from_dir(
            ROOT / source,
            method_map=_METHODS,
            options_map={"**/templates/**.*": _TEMPLATES},
            keywords=_KEYWORDS,
        )
        for file, _line, text, _comments, context in messages:
            found.add(text, locations=[(f"{source}/{file}", 0)], context=context)
    return found


def read(language: Language) -> Catalog:
    with catalogue_of(language).open("rb") as source:
        return read_po(source, locale=language)


def bring_up_to_date(language: Language) -> list[str]:
    """Adds what the sources say now and drops what they no longer do; returns what waits for words."""
    known, wanted = read(language), marked()
    fresh = Catalog(
        locale=language,
        project="Perennial",
        charset="utf-8",
        fuzzy=False,
        header_comment="",
        creation_date=known.creation_date,
    )
    for message in _texts(wanted):
        before = known.get(message.id, message.context)
        fresh.add(message.id, before.string if before else None, context=message.context)
    with catalogue_of(language).open("wb") as target:
        write_po(target, fresh, width=_WIDTH, no_location=True, sort_output=True)
    return [_first(message.id) for message in _texts(fresh) if not is_said(message)]


def is_said(message: Message) -> bool:
    return bool(message.string if isinstance(message.string, str) else message.string and all(message.string))


def _texts(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _first(text: str | tuple[str, ...] | list[str]) -> str:
    return text if isinstance(text, str) else text[0]


def main() -> int:
    """Brings every language up to date, and says what is still without words in it."""
    waiting = [f"{language}: {text}" for language in LANGUAGES[1:] for text in bring_up_to_date(language)]
    for each in waiting:
        print(each)
    print(f"{len(waiting)} texts wait for words." if waiting else "Every text is said in every language.")
    return 1 if waiting else 0

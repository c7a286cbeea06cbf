"""A sentence for people that can still be said in another language: it remembers what it was made of."""

from dataclasses import dataclass
from datetime import date, time
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class ShortDay:
    """A day that is said without its weekday and year: "19 March"."""

    day: date


class Quote(str):
    """Words that a sentence repeats as they are, in English for readers of every language: those of an error."""


class Sentence(str):
    """`Sentence("A title has at most {letters} letters.", letters=80)`: a `str`, in English, filled in.

    `template` is what catalogues of translations know it by; `values` fill it: texts, counts, days, times of day,
    quotes or other sentences. A template without values is taken as it stands, braces and all.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, **values: Any) -> Self:
        shown = {name: _in_english(value) for name, value in values.items()}
        made = super().__new__(cls, template.format(**shown) if values else template)
        made.template = template
        made.values = values
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.template,), self.values


def _in_english(value: Any) -> Any:
    match value:
        case Quote():
            return f"“{value}”"
        case ShortDay(day):
            return f"{day.day} {day:%B}"
        case date():
            return f"{value:%A} {value.day} {value:%B %Y}"
        case time():
            return f"{value:%H:%M}"
    return value

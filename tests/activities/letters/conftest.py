"""A sample of every kind of letter part, and a way to make letters of them."""

from collections.abc import Callable, Sequence

import pytest

from activities.letters.catalogue import Part
from activities.letters.render import Rendered, render
from activities.letters.samples import sample_parts
from config.languages import DEFAULT


@pytest.fixture(scope="session")
def parts() -> dict[str, Part]:
    """A sample of each kind, by its template's name."""
    return sample_parts()


@pytest.fixture(scope="session")
def letter_to() -> Callable[..., Rendered]:
    """Renders parts for somebody, with the frame that every letter has."""

    def letter(name: str, parts: Sequence[Part], locale: str = DEFAULT) -> Rendered:
        return render(
            name,
            parts,
            home_url="https://perennial.example/",
            help_contact="people@example.com",
            privacy_url="https://perennial.example/privacy?in=plain&words=1",
            locale=locale,
        )

    return letter

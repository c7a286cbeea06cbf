"""Visible pathways: roles, what they take, the ways between them, openings, and who learns what interests somebody."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cycle.policy import InterestVisibleTo

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000)]
Mail = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Level = Annotated[int, Field(ge=1, le=10)]
Link = Annotated[str, StringConstraints(pattern=r"^https://\S+$", max_length=500)]
TrackKind = Literal["expert", "leadership", "other"]

MOST_LINES = 2
"""More would make the pre-read a list of openings."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Competency(_Entry):
    """Something one can grow in; `levels` say in a sentence each what it looks like, the first level first."""

    key: Key
    name: Name
    levels: tuple[Words, ...] = Field(default=(), max_length=10)


class Role(_Entry):
    """`needs` are levels by competency; `lateral` are roles that lie beside it, in either direction."""

    key: Key
    name: Name
    about: Words = ""
    needs: dict[Key, Level] = Field(default_factory=dict)
    lateral: tuple[Key, ...] = ()


class Track(_Entry):
    """A ladder of roles, the first rung first."""

    key: Key
    name: Name
    kind: TrackKind = "other"
    about: Words = ""
    roles: tuple[Key, ...] = Field(min_length=1)


class Opening(_Entry):
    """A role to be filled, from the first to the last day for applying; one that begins later is coming."""

    key: Key
    role: Key
    where: Name
    opens_on: date
    closes_on: date
    link: Link | None = None


class Holder(_Entry):
    """Who has which role, as HR says."""

    mail: Mail
    role: Key


class Catalogue(_Entry):
    """Everything about pathways that everybody here may see."""

    competencies: tuple[Competency, ...] = ()
    roles: tuple[Role, ...] = ()
    tracks: tuple[Track, ...] = ()
    openings: tuple[Opening, ...] = ()

    @cached_property
    def competency_by_key(self) -> Mapping[str, Competency]:
        return {each.key: each for each in self.competencies}

    @cached_property
    def role_by_key(self) -> Mapping[str, Role]:
        return {each.key: each for each in self.roles}

    @cached_property
    def opening_by_key(self) -> Mapping[str, Opening]:
        return {each.key: each for each in self.openings}

    def next_roles(self, role: str) -> tuple[Role, ...]:
        """The next rung of each track that this role stands on."""
        found = [
            track.roles[at + 1] for track in self.tracks for at in _rungs(track, role) if at + 1 < len(track.roles)
        ]
        return self._roles(found, role)

    def lateral_roles(self, role: str) -> tuple[Role, ...]:
        """The roles beside this one, whichever of the two names the other."""
        own = self.role_by_key[role].lateral if role in self.role_by_key else ()
        return self._roles([*own, *(each.key for each in self.roles if role in each.lateral)], role)

    def before(self, role: str) -> tuple[Role, ...]:
        """The rung before on each track."""
        return self._roles([track.roles[at - 1] for track in self.tracks for at in _rungs(track, role) if at], role)

    def openings_of(self, role: str, today: date) -> tuple[Opening, ...]:
        """What is open or coming, the nearest closing day first."""
        found = [each for each in self.openings if each.role == role and each.closes_on >= today]
        return tuple(sorted(found, key=lambda each: (each.closes_on, each.key)))

    def matching(self, role: str | None, interests: Collection[str], today: date) -> tuple[Opening, ...]:
        """The openings that may be for somebody in `role`: on its paths, or what `interests` name ("role/<key>",
        "opening/<key>"); those past their last day are left out."""
        near = {each.key for each in (*self.next_roles(role), *self.lateral_roles(role))} if role else set()
        wanted = near | {each.partition("/")[2] for each in interests if each.startswith("role/")}
        found = [
            each
            for each in self.openings
            if each.closes_on >= today and (each.role in wanted or f"opening/{each.key}" in interests)
        ]
        return tuple(sorted(found, key=lambda each: (each.closes_on, each.key)))

    def named(self, about: str) -> "Named | None":
        """What "role/<key>" or "opening/<key>" stands for; None for what is not offered any more."""
        kind, _, key = about.partition("/")
        if kind == "role" and key in self.role_by_key:
            return Named(about, self.role_by_key[key], None)
        opening = self.opening_by_key.get(key) if kind == "opening" else None
        return Named(about, self.role_by_key[opening.role], opening) if opening else None

    def _roles(self, keys: Iterable[str], but: str) -> tuple[Role, ...]:
        return tuple(self.role_by_key[key] for key in dict.fromkeys(keys) if key != but and key in self.role_by_key)


@dataclass(frozen=True, slots=True)
class Named:
    """A role, or an opening of it."""

    about: str
    role: Role
    opening: Opening | None


def _rungs(track: Track, role: str) -> list[int]:
    return [at for at, key in enumerate(track.roles) if key == role]


# Who learns what interests somebody

Audience = Literal["partner", "hr"]
_AUDIENCES: Mapping[InterestVisibleTo, frozenset[Audience]] = {
    "nobody": frozenset(),
    "partner": frozenset({"partner"}),
    "hr_from_five": frozenset({"hr"}),
    "partner_and_hr": frozenset({"partner", "hr"}),
}


def audience(told: InterestVisibleTo, now: InterestVisibleTo, shared: bool) -> frozenset[Audience]:
    """Who sees an interest: whom the policy shows it to now and showed it to when it was told, whichever is fewer.

    HR never sees a name: only how many, from the smallest group on. `shared` is the person's own choice for their
    partner, which no policy takes away or makes.
    """
    allowed = _AUDIENCES[told] & _AUDIENCES[now]
    return allowed | {"partner"} if shared else allowed


def counts_shown(counts: Mapping[str, int], smallest: int) -> dict[str, int]:
    """How many are interested in what, without groups so small that they would name somebody.

    What is hidden hides the next smallest too, until the hidden ones together are no small group either.
    """
    shown = dict(sorted(counts.items(), key=lambda each: (each[1], each[0])))
    hidden = 0
    for what, count in list(shown.items()):
        if 0 < count < smallest or 0 < hidden < smallest:
            hidden += count
            del shown[what]
    return {what: shown[what] for what in counts if what in shown and counts[what] > 0}


# What an import changes


def changes(before: Catalogue, after: Catalogue) -> tuple[str, ...]:
    """In sentences for HR what an import does to the catalogue; none when it stays as it is."""
    said = [
        *_changed("competency", "competencies", before.competencies, after.competencies),
        *_changed("role", "roles", before.roles, after.roles),
        *_changed("track", "tracks", before.tracks, after.tracks),
    ]
    places = {each.key: f"{after.role_by_key[each.role].name}, {each.where}" for each in after.openings}
    places |= {
        each.key: f"{before.role_by_key[each.role].name}, {each.where}"
        for each in before.openings
        if each.key not in places
    }
    return (*said, *_changed("opening", "openings", before.openings, after.openings, places))


def _changed(
    one: str,
    many: str,
    before: Sequence[Competency | Role | Track | Opening],
    after: Sequence[Competency | Role | Track | Opening],
    names: Mapping[str, str] | None = None,
) -> list[str]:
    old, new = ({each.key: each for each in entries} for entries in (before, after))

    def called(key: str) -> str:
        return (names or {}).get(key) or str(getattr(new.get(key) or old[key], "name", key))

    groups = (
        ("comes in", "come in", [key for key in new if key not in old]),
        ("changes", "change", [key for key in new if key in old and new[key] != old[key]]),
        ("goes", "go", [key for key in old if key not in new]),
    )
    return [
        f"{len(keys)} {one if len(keys) == 1 else many} {verb if len(keys) == 1 else verbs}: "
        f"{'; '.join(called(key) for key in keys)}."
        for verb, verbs, keys in groups
        if keys
    ]

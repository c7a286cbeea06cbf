"""Which permissions an app has in Entra against what the README asks an administrator for."""

from collections.abc import Collection, Iterator

from cli.doctor.finding import Finding, fail, ok, warn

NAME = "Permissions"

ASKED_IN_ENTRA = "User.Read.All"
# What opens at least as much of the directory.
BROADER = frozenset({"User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"})
ASKED_IN_EXCHANGE = frozenset(
    {"Calendars.Read", "Calendars.ReadWrite", "Mail.ReadWrite", "Mail.Send", "MailboxSettings.Read"}
)


def compare(roles: Collection[str]) -> Iterator[Finding]:
    """What is missing and what is more than needed, by the roles in the app's token.

    Exchange's own scoped grants are in no token; they are found out mailbox by mailbox.
    """
    held = set(roles)
    if ASKED_IN_ENTRA not in held and not held & BROADER:
        yield fail(
            NAME,
            f"{ASKED_IN_ENTRA} is missing in Entra, so nobody can be looked up.",
            "Grant this application permission to the app with an administrator's consent.",
        )
    everywhere = sorted(held & ASKED_IN_EXCHANGE)
    if everywhere:
        yield warn(
            NAME,
            f"granted in Entra for every mailbox of the organization: {', '.join(everywhere)}.",
            "Take it back there, and grant it in Exchange for the mailboxes that need it, as the README has it.",
        )
    needless = sorted(held - ASKED_IN_EXCHANGE - {ASKED_IN_ENTRA})
    if needless:
        yield warn(NAME, f"granted in Entra and not needed: {', '.join(needless)}.", "Take it back.")
    if held == {ASKED_IN_ENTRA}:
        yield ok(NAME, f"{ASKED_IN_ENTRA} in Entra, and nothing else.")

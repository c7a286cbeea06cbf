"""`python -m sandbox`: the tenant from the command line."""

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import get_args

from sandbox.app_registrations import Organizer
from sandbox.benchmark import benchmark
from sandbox.evidence import as_text, table
from sandbox.server import DEFAULT_REDIRECT_URIS, Options, log_to_stderr, run
from sandbox.state_file import StateFileError


def main() -> int:
    parser = argparse.ArgumentParser(prog="sandbox", description="A stand-in Microsoft 365 tenant on the loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--people", type=int, default=12, help="how many people have a manager")
    parser.add_argument(
        "--senders", type=int, default=1, help="how many mailboxes send letters, the service mailbox among them"
    )
    parser.add_argument("--day0", type=date.fromisoformat, default=date(2030, 2, 4), help="a date like 2030-02-04")
    parser.add_argument(
        "--clock", metavar="URL", help="serves {'now': instant}; without it the tenant has its own clock"
    )
    parser.add_argument("--state", type=Path, metavar="FILE", help="kept up to date, and gone on from after a restart")
    parser.add_argument(
        "--redirect-uri", action="append", metavar="URI", help="where sign-ins may return to; repeatable"
    )
    parser.add_argument(
        "--advertise", metavar="URL", help="by which address Entra goes, or 'self'; else Microsoft's, as msal insists"
    )
    parser.add_argument(
        "--strict-permissions", action="store_true", help="the app holds the grant that the README asks for, no more"
    )
    parser.add_argument(
        "--organizer",
        choices=get_args(Organizer),
        default="service_mailbox",
        help="whose calendar check-ins stand in: which of the README's two grants is strict",
    )
    parser.add_argument(
        "--evidence", action="store_true", help="say what each behaviour rests on, instead of running anything"
    )
    parser.add_argument(
        "--benchmark", action="store_true", help="say how many requests a second are answered here, and end"
    )
    parser.add_argument("--json", action="store_true", help="say where it is in one line of JSON")
    asked = parser.parse_args()
    if asked.evidence:
        print(as_text(table()))
        return 0
    if asked.benchmark:
        print(benchmark())
        return 0
    log_to_stderr()
    options = Options(
        port=asked.port,
        seed=asked.seed,
        people=asked.people,
        senders=asked.senders,
        day0=asked.day0,
        clock_url=asked.clock,
        state_file=asked.state,
        json=asked.json,
        strict_permissions=asked.strict_permissions,
        advertise=asked.advertise,
        organizer=asked.organizer,
        redirect_uris=tuple(asked.redirect_uri or DEFAULT_REDIRECT_URIS),
    )
    try:
        run(options)
    except (StateFileError, ValueError, OSError) as error:
        print(f"The sandbox tenant cannot start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

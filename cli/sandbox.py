"""`perennial sandbox`: a stand-in Microsoft 365 tenant on this machine, and how the other commands start it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
import typer

from cli.processes import Children, python
from cli.refusal import Refused

# Zone tables, calendars and keys of a big organization take a few seconds on a slow machine.
READY_WITHIN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Tenant:
    """What the sandbox says once it accepts calls."""

    graph_url: str
    url: str
    tenant_id: str
    client_id: str
    client_secret: str
    service_mailbox: str
    senders: tuple[str, ...]
    mail_client: Mapping[str, str]

    def settings(self) -> dict[str, str]:
        """The PERENNIAL_* variables that connect to this tenant."""
        return {
            "PERENNIAL_SANDBOX_URL": self.url,
            "PERENNIAL_TENANT_ID": self.tenant_id,
            "PERENNIAL_CLIENT_ID": self.client_id,
            "PERENNIAL_CLIENT_SECRET": self.client_secret,
            "PERENNIAL_SERVICE_MAILBOX": self.service_mailbox,
            "PERENNIAL_SENDER_MAILBOXES": ",".join(self.senders),
        }

    async def control(
        self, http: httpx.AsyncClient, method: str, what: str, said: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """What the tenant answers to a question or an order at `/_sandbox/<what>`."""
        answer = await http.request(method, f"{self.url}/_sandbox/{what}", json=said)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found


async def start_sandbox(
    children: Children,
    *,
    seed: int,
    people: int,
    day0: date,
    redirect_uri: str,
    clock_url: str | None = None,
    state_file: Path | None = None,
    port: int = 0,
    organizer: str = "service_mailbox",
    senders: int = 1,
) -> Tenant:
    """Starts `python -m sandbox` as a child and waits until it accepts calls. Raises ProcessEnded.

    Our app holds the grant that the README asks for where the `organizer` has the check-ins, and no more, so what it
    may not do live fails here too.
    """
    command = python("-m", "sandbox", "--port", str(port), "--seed", str(seed), "--people", str(people))
    command += ["--day0", day0.isoformat(), "--redirect-uri", redirect_uri, "--strict-permissions", "--json"]
    command += ["--organizer", organizer, "--senders", str(senders)]
    command += ["--clock", clock_url] if clock_url else []
    command += ["--state", str(state_file)] if state_file else []
    child = await children.start("sandbox", command, {}, speaks=True)
    told = await child.first_line(READY_WITHIN_SECONDS)
    async with httpx.AsyncClient(trust_env=False) as http:
        more = (await http.get(f"{told['entra']}/_sandbox/about")).raise_for_status().json()
    return _tenant({**told, **more})


def _tenant(told: Mapping[str, Any]) -> Tenant:
    return Tenant(
        graph_url=told["graph"],
        url=told["entra"],
        tenant_id=told["tenant_id"],
        client_id=told["client_id"],
        client_secret=told["client_secret"],
        service_mailbox=told["service_mailbox"],
        senders=tuple(told["senders"]),
        mail_client=told["mail_client"],
    )


def sandbox(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes any free one.")] = 8080,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people for ever.")] = 1,
    people: Annotated[int, typer.Option(min=1, help="How many people who have a manager.")] = 12,
    senders: Annotated[
        int, typer.Option(min=1, help="How many mailboxes send letters, the service mailbox among them.")
    ] = 1,
    day0: Annotated[str, typer.Option(help="A Monday; calendars are filled from the week before.")] = "2030-02-04",
    state: Annotated[Path | None, typer.Option(help="A file that keeps the tenant between runs.")] = None,
    clock: Annotated[
        str | None, typer.Option(help='A URL that tells the time as {"now": ...}; else it has its own.')
    ] = None,
    strict_permissions: Annotated[
        bool, typer.Option("--strict-permissions", help="The app holds the grant that the README asks for, no more.")
    ] = False,
    advertise: Annotated[
        str | None,
        typer.Option(help="By which address Entra goes, or 'self'; else Microsoft's, as msal insists.", metavar="URL"),
    ] = None,
    organizer: Annotated[
        Literal["service_mailbox", "manager"],
        typer.Option(help="Whose calendar check-ins stand in: which of the README's two grants is strict."),
    ] = "service_mailbox",
    redirect_uri: Annotated[
        list[str] | None, typer.Option(help="Where sign-in may return to; repeatable. [default: the web face's]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say the tenant's facts as one line of JSON.")] = False,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Only say what each behaviour rests on: documents, proofs, reports.")
    ] = False,
    benchmark: Annotated[
        bool, typer.Option("--benchmark", help="Only say how many requests a second are answered on this machine.")
    ] = False,
) -> None:
    """Run a stand-in tenant: Entra, Graph and mailboxes over HTTP."""
    # Only here: no other command needs the sandbox's own code in its process.
    from sandbox.benchmark import benchmark as measured
    from sandbox.evidence import as_text, table
    from sandbox.server import DEFAULT_REDIRECT_URIS, Options, log_to_stderr, run
    from sandbox.state_file import StateFileError

    if evidence:
        print(as_text(table()))
        return
    if benchmark:
        print(measured())
        return
    try:
        first_day = date.fromisoformat(day0)
    except ValueError as error:
        raise Refused(f"--day0 is {day0!r}; write it YYYY-MM-DD, like 2030-02-04.") from error
    log_to_stderr()
    try:
        run(
            Options(
                port=port,
                seed=seed,
                people=people,
                senders=senders,
                day0=first_day,
                clock_url=clock,
                state_file=state,
                json=as_json,
                strict_permissions=strict_permissions,
                advertise=advertise,
                organizer=organizer,
                redirect_uris=tuple(redirect_uri or DEFAULT_REDIRECT_URIS),
            )
        )
    except (StateFileError, ValueError, OSError) as error:
        raise Refused(f"The sandbox tenant cannot start: {error}") from error

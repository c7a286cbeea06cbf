"""users/delta as a property: whoever follows it, from any point on and in pages of any size, knows the directory."""

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sandbox.acts import act
from sandbox.bodies import Body
from sandbox.calls import Call
from sandbox.directory_delta import users_delta
from sandbox.errors import GraphError
from sandbox.organization import build_organization
from sandbox.permissions import Granted
from sandbox.tenant import Tenant, build_tenant

Users = dict[str, dict[str, Any]]
FIRST = "$select=displayName,mail,accountEnabled,department,manager"


@dataclass
class Follower:
    """A client that applies what it is told; `link` is where it goes on, in the middle of a round or after one."""

    link: str
    users: Users = field(default_factory=dict)
    in_a_round: bool = True

    def apply(self, page: dict[str, Any]) -> None:
        for item in page["value"]:
            if "@removed" in item:
                self.users.pop(item["id"], None)
                continue
            user = self.users.setdefault(item["id"], {})
            user.update({name: value for name, value in item.items() if "@" not in name})
            for change in item.get("manager@delta", []):
                user["manager"] = None if "@removed" in change else change["id"]
        self.in_a_round = "@odata.nextLink" in page
        self.link = urlsplit(page["@odata.nextLink" if self.in_a_round else "@odata.deltaLink"]).query


class Directory(RuleBasedStateMachine):
    """People come, go and move, while clients follow at their own pace."""

    def __init__(self) -> None:
        super().__init__()
        self.tenant: Tenant = build_tenant(build_organization(1, 5, date(2030, 2, 4)))
        self.now = datetime(2030, 2, 4, 8, tzinfo=UTC)
        self.followers: list[Follower] = []
        self.joined = 0

    def page(self, query: str, size: int, minimal: bool = False) -> dict[str, Any]:
        app = self.tenant.app
        prefer = f"odata.maxpagesize={size}" + (", return=minimal" if minimal else "")
        call = Call(
            tenant=self.tenant,
            app=app,
            granted=Granted(app, frozenset(app.roles)),
            method="GET",
            path="/users/delta",
            query_string=query,
            headers={"prefer": prefer},
            raw_body=b"",
            now=self.now,
            base="http://127.0.0.1/v1.0",
            names={},
        )
        body = users_delta(call).body
        assert body is not None
        assert len(body["value"]) <= size
        return body

    def live(self, person: str, name: str, **more: Any) -> None:
        self.now += timedelta(minutes=1)
        # Nobody can be their own manager, for one; then nothing happens.
        with contextlib.suppress(GraphError):
            act(self.tenant, Body({"person": person, "act": name, **more}), self.now)

    def somebody(self, data: st.DataObject) -> str:
        return str(data.draw(st.sampled_from(sorted(a.mail for a in self.tenant.accounts.values() if not a.deleted))))

    @rule()
    def begin_to_follow(self) -> None:
        self.followers.append(Follower(FIRST))

    @rule(data=st.data(), nobody=st.booleans())
    def move(self, data: st.DataObject, nobody: bool) -> None:
        self.live(self.somebody(data), "change_manager", manager=None if nobody else self.somebody(data))

    @rule(data=st.data(), name=st.sampled_from(("Newname", "Other", "Third")), moved=st.booleans())
    def rename(self, data: st.DataObject, name: str, moved: bool) -> None:
        self.joined += 1
        more = {"mail": f"renamed.{self.joined}@meadow.example"} if moved else {}
        self.live(self.somebody(data), "rename", surname=name, **more)

    @rule(data=st.data())
    def join(self, data: st.DataObject) -> None:
        self.joined += 1
        self.live(f"joined.{self.joined}@meadow.example", "join", manager=self.somebody(data))

    @rule(data=st.data(), how=st.sampled_from(("disabled", "deleted")))
    def leave(self, data: st.DataObject, how: str) -> None:
        mail = self.somebody(data)
        if mail != self.tenant.organization.service.mail:
            self.live(mail, "leave_company", how=how)

    @precondition(lambda self: self.followers)
    @rule(data=st.data(), size=st.integers(1, 4), minimal=st.booleans())
    def read_a_page(self, data: st.DataObject, size: int, minimal: bool) -> None:
        follower = self.followers[data.draw(st.integers(0, len(self.followers) - 1))]
        follower.apply(self.page(follower.link, size, minimal))

    @invariant()
    def whoever_reads_to_the_end_knows_the_directory(self) -> None:
        for follower in self.followers:
            reader = Follower(follower.link, {key: dict(user) for key, user in follower.users.items()})
            rounds = 0
            # A round shows the directory as of its beginning; the one after it what came since.
            while rounds < 2:
                reader.apply(self.page(reader.link, 3))
                rounds += not reader.in_a_round
            assert {key: shown(user) for key, user in reader.users.items()} == self.truth()

    def truth(self) -> Users:
        return {
            a.id: shown(
                {
                    "displayName": a.name,
                    "mail": a.mail,
                    "accountEnabled": a.enabled,
                    "department": a.department,
                    "id": a.id,
                    "manager": a.manager,
                }
            )
            for a in self.tenant.accounts.values()
            if not a.deleted
        }


def shown(user: dict[str, Any]) -> dict[str, Any]:
    """Without what Graph leaves out because it was never set."""
    return {name: value for name, value in user.items() if value is not None}


TestDirectory = Directory.TestCase
TestDirectory.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)

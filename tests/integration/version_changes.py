"""Changes which version answers, at random and one change at a time, and tells an oracle what is right from when on."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.integration.rolling_app import APP, BASE, flow_package, id_of, package, patch, write_folder
from tests.integration.running_server import Reply, Server
from tests.integration.version_oracle import BASE_NUMBER, FLOWS, Answers, Oracle, answers_of

WORKING: Final = "working"


class Changes:
    """The one that changes versions. What it believes to be so is reckoned from the pages of the reference alone."""

    def __init__(self, server: Server, folder: Path, rng: Random) -> None:
        """Begin with what serves: a working folder, and a published base that is not active."""
        self.counts: Counter[str] = Counter()
        self.told: list[tuple[int, str]] = []
        self._server = server
        self._folder = folder
        self._rng = rng
        self._number = 0
        self._contents: dict[str, dict[str, int]] = {}
        self._whole: dict[str, bytes] = {}
        self._fetched: set[str] = set()
        self._history: list[str] = []
        self._withdrawn: set[str] = set()
        self._deleted: set[str] = set()
        base = dict.fromkeys((flow for flow in FLOWS if flow != "Pinned"), self._next())
        assert set(base.values()) == {BASE_NUMBER}
        self._send("POST", f"/snapshots?app={APP}", self._made_whole(BASE, base), 201)
        self._written = self._served = self._numbers()
        write_folder(folder, self._written)
        epoch = _epoch(self._send("GET", "/MicroflowRest/refreshCache", None, 200))
        self.oracle = Oracle(time.monotonic_ns(), self._answers(), epoch)
        self.oracle.snapshots[BASE] = answers_of(self._contents[BASE])
        self._all: list[tuple[int, Callable[[], None]]] = [
            (5, self.refresh),
            (2, self.refresh_one_flow),
            (2, self.write_only),
            (4, self.deploy),
            (4, self.deploy_and_activate),
            (4, self.deploy_patch),
            (3, self.fetch_flow),
            (8, self.activate),
            (5, self.roll_back),
            (1, self.deploy_again),
            (1, self.deploy_other_content),
            (1, self.deploy_broken),
            (1, self.deploy_for_trial),
            (4, self.withdraw),
            (3, self.restore),
            (2, self.delete),
            (1, self.take_back_what_answers),
        ]

    def change_something(self) -> None:
        """Carry out one change, chosen at random."""
        weights = [weight for weight, _ in self._all]
        (change,) = self._rng.choices([change for _, change in self._all], weights)
        change()
        self.counts[change.__name__] += 1

    # The changes

    def refresh(self) -> None:
        """Write the folder anew and refresh all of it."""
        self.write_only()
        self._changing("GET", "/MicroflowRest/refreshCache", None, lambda: self._serve(self._written))

    def refresh_one_flow(self) -> None:
        """Write the folder anew and refresh one flow by name; the others stay as they were."""
        self.write_only()
        flow = self._rng.choice(("Answer", "Inner", "Extra"))
        body = {
            "fileNames": [f"{id_of(flow)}.{APP}.{flow}.v.work.jar"],
            "event": self._rng.choice(("refresh", "generate")),
        }
        now = {**self._served, flow: self._written[flow]}
        self._changing("POST", "/MicroflowRest/classAction", body, lambda: self._serve(now))

    def write_only(self) -> None:
        """Write the folder anew, which nobody sees before a refresh."""
        self._written = self._numbers()
        write_folder(self._folder, self._written)

    def deploy(self) -> None:
        """Publish a whole snapshot beside the others."""
        version, numbers = self._next_version()
        self._changing("POST", "/snapshots", self._made_whole(version, numbers), lambda: None, 201)
        self._publish(version)

    def deploy_and_activate(self) -> None:
        """Publish a whole snapshot that answers at once."""
        version, numbers = self._next_version()
        content = self._made_whole(version, numbers)
        self._changing("POST", "/snapshots?activate=true", content, lambda: self._step_to(version), 201)
        self._publish(version)

    def deploy_patch(self) -> None:
        """Publish a patch over a snapshot, sometimes with a flow less, sometimes active at once."""
        base = self._rng.choice([version for version in self._there(self._withdrawn) if version not in self._fetched])
        version = self._next_version()[0]
        below = self._contents[base]
        changed = {
            flow: self._next() for flow in self._rng.sample(("Answer", "Inner", "Outer"), self._rng.randint(1, 3))
        }
        removed = ("Extra",) if "Extra" in below and self._rng.random() < 0.5 else ()
        numbers = {flow: number for flow, number in (below | changed).items() if flow not in removed}
        self._contents[version] = numbers
        activates = self._rng.random() < 0.5
        path = f"/snapshots?activate={'true' if activates else 'false'}"
        content = patch(version, base, changed, removed)
        self._changing("POST", path, content, lambda: self._step_to(version) if activates else None, 201)
        self._publish(version)

    def fetch_flow(self) -> None:
        """Fetch the package of one flow, which is seen only by who names its snapshot."""
        version = self._next_version()[0]
        self._contents[version] = {flow: self._next() for flow in self._rng.choice((("Answer",), ("Inner", "Outer")))}
        self._fetched.add(version)
        name, content = flow_package(version, self._contents[version])
        kept = self._server.home / "packages" / name
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes(content)
        body = {"fileNames": [name], "event": "file"}
        self._changing("POST", "/MicroflowRest/classAction", body, lambda: None)
        self._publish(version)

    def activate(self) -> None:
        """Let a version answer: an old one, a new one, the working folder, or the one that answers already."""
        version = self._rng.choice([WORKING, *self._there()])
        self._changing("POST", f"/snapshots/{APP}/{version}/activate", None, lambda: self._step_to(version))

    def roll_back(self) -> None:
        """Go back to what answered before; refused where nothing did."""
        if len(line := self._line()) > 1:
            self._changing("POST", f"/snapshots/{APP}/rollback", None, lambda: self._step_to(line[-2]))
        else:
            self._changing("POST", f"/snapshots/{APP}/rollback", None, lambda: None, 409)

    def deploy_again(self) -> None:
        """Publish a snapshot once more as it is, which changes nothing."""
        version = self._rng.choice([version for version in self._there() if version in self._whole])
        self._changing("POST", "/snapshots", self._whole[version], lambda: None)

    def deploy_other_content(self) -> None:
        """Try to publish another content under a version that is taken."""
        version = self._rng.choice(self._there(self._withdrawn))
        self._changing("POST", "/snapshots?activate=true", package(version, self._numbers()), lambda: None, 409)

    def deploy_broken(self) -> None:
        """Try to publish what has a fault."""
        content = package("v.broken", dict.fromkeys(("Answer", "Outer"), self._number))
        self._changing("POST", "/snapshots?activate=true", content, lambda: None, 409)

    def deploy_for_trial(self) -> None:
        """Only ask what publishing and activating would change."""
        content = package("v.trial", self._numbers())
        self._changing("POST", "/snapshots?dry_run=true&activate=true", content, lambda: None)

    def withdraw(self) -> None:
        """Let nobody call a snapshot any more that nothing answers from and nothing calls; again changes nothing."""
        if idle := self._idle():
            version = self._rng.choice(idle)
            path = f"/snapshots/{APP}/{version}/withdraw"
            self._changing("POST", path, None, lambda: self._withdrawn.add(version))

    def restore(self) -> None:
        """Let a withdrawn snapshot be called again, or one that is not withdrawn, which changes nothing."""
        version = self._rng.choice(sorted(self._withdrawn - self._deleted) or self._there())
        path = f"/snapshots/{APP}/{version}/restore"
        self._changing("POST", path, None, lambda: self._withdrawn.discard(version))

    def delete(self) -> None:
        """Remove a snapshot for good, withdrawn or not."""
        if idle := self._idle():
            version = self._rng.choice(idle)
            self._changing("DELETE", f"/snapshots/{APP}/{version}", None, lambda: self._deleted.add(version))

    def take_back_what_answers(self) -> None:
        """Try to withdraw or delete what answers, or what flows of other snapshots call."""
        version = self._rng.choice([BASE, *(active for active in self._line()[-1:] if active != WORKING)])
        if self._rng.random() < 0.5:
            self._changing("DELETE", f"/snapshots/{APP}/{version}", None, lambda: None, 409)
        else:
            self._changing("POST", f"/snapshots/{APP}/{version}/withdraw", None, lambda: None, 409)

    # What is right

    def _there(self, also: Collection[str] = ()) -> list[str]:
        """Give the snapshots that can be called, and those of `also` that are not deleted."""
        gone = self._deleted | (self._withdrawn - set(also))
        return [version for version in self._contents if version not in gone]

    def _idle(self) -> list[str]:
        """Give the snapshots that may be withdrawn or deleted."""
        return [version for version in self._there(self._withdrawn) if version not in (BASE, self._line()[-1])]

    def _line(self) -> list[str]:
        """Give the versions that led to the present one, those left out that are not there any more."""
        line = [WORKING]
        for version in self._history:
            if version != WORKING and version not in self._there():
                continue
            if len(line) > 1 and line[-2] == version:
                line.pop()
            elif line[-1] != version:
                line.append(version)
        return line

    def _answers(self) -> Answers:
        """Give what answers callers that name no snapshot."""
        working = answers_of(self._served)
        active = self._line()[-1]
        if active == WORKING:
            return working
        own = answers_of(self._contents[active])
        return {**working, **own} if active in self._fetched else own

    def _step_to(self, version: str) -> None:
        """Let a version answer from now on."""
        self._history.append(version)

    def _serve(self, numbers: Mapping[str, int]) -> None:
        self._served = dict(numbers)

    def _publish(self, version: str) -> None:
        self.oracle.snapshots[version] = answers_of(self._contents[version])

    # How it is done

    def _changing(self, method: str, path: str, body: Any, becomes: Callable[[], object], status: int = 200) -> None:
        began = time.monotonic_ns()
        reply = self._send(method, path, body, status)
        answered = time.monotonic_ns()
        becomes()
        gone = frozenset(self._withdrawn | self._deleted)
        self.oracle.change(began, answered, self._answers(), _epoch(reply), gone)
        self.told.append((answered, f"{method} {path}: {status}, then {self._line()[-1]} answers: {self._answers()}"))

    def _send(self, method: str, path: str, body: Any, status: int) -> Reply:
        headers = {"Content-Type": "application/zip"} if isinstance(body, bytes) else {}
        reply = self._server.send(method, path, body, headers, user=True)
        assert reply.status == status, f"{method} {path}: {reply.status} {reply.body.decode(errors='replace')}"
        if path.endswith("classAction"):
            assert reply.json["responseStatus"] == "SUCCESS", reply.body
        return reply

    def _made_whole(self, version: str, numbers: dict[str, int]) -> bytes:
        self._contents[version] = numbers
        self._whole[version] = package(version, numbers)
        return self._whole[version]

    def _next_version(self) -> tuple[str, dict[str, int]]:
        numbers = self._numbers()
        return f"v.{self._number}", numbers

    def _numbers(self) -> dict[str, int]:
        return dict.fromkeys(FLOWS, self._next())

    def _next(self) -> int:
        self._number += 1
        return self._number


def _epoch(reply: Reply) -> int:
    return int(reply.headers["x-microflow-epoch"])

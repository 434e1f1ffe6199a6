"""Snapshots over HTTP: published, listed, activated, rolled back, and every refusal a problem that changes nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from tests.app_folder import write_app, write_flow
from tests.unit.small_apps import files_of
from tests.unit.small_homes import TEXT, app_text, flow_text
from tests.wire.asgi_client import Answer
from tests.wire.world import OPERATOR, World

from microflow_runtime.model.principal import Permission
from microflow_runtime.runtime.packages.archive import write_archive
from microflow_runtime.service.roles import set_role

ZIP = {"content-type": "application/zip"}


@pytest.fixture(params=["/", "/oneweb"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Give a worker whose app Shop has a folder that says `folder`; `operator` may deploy it, `stranger` only look."""
    body = flow_text("Say", "folder").split("\n", 1)[1]
    app = write_app(tmp_path / "apps" / "Shop", app_text("v.0"), {"Text": "value: string?"}, {"Say": body})
    world = World(tmp_path, [app], allow=[("microflow", "*", "execute")], context_root=request.param, body_seconds=1.0)
    deploys = [Permission("microflow", "Shop", access) for access in ("deploy", "view")]
    world.run(set_role(world.security, OPERATOR, "operator", allow=deploys))
    world.run(set_role(world.security, OPERATOR, "stranger", allow=[Permission("microflow", "Shop", "view")]))
    yield world
    world.close()


def package(version: str, *flows: str, text: str = TEXT, snapshot: str = "", app: str = "Shop") -> bytes:
    """Make the bytes of a package."""
    files = files_of(f"app: {app}\nversion: {version}\n", text, *flows)
    if snapshot:
        files["snapshot.yaml"] = snapshot.encode()
    return write_archive(files)


def says(value: str) -> str:
    """Give the flow Say."""
    return flow_text("Say", value)


def deploy(world: World, content: bytes, query: str = "", user: str | None = "operator", **headers: str) -> Answer:
    """Post a package."""
    sent = {**ZIP, **world.session(user), **{name.replace("_", "-"): value for name, value in headers.items()}}
    return world.send("POST", f"/snapshots{query}", content, sent)


def post(world: World, path: str, user: str | None = "operator", **headers: str) -> Answer:
    """Post nothing to a path below the snapshots."""
    return world.send("POST", f"/snapshots/{path}", None, {**world.session(user), **headers})


def remove(world: World, path: str, user: str | None = "operator", **headers: str) -> Answer:
    """Delete what stands at a path below the snapshots."""
    return world.send("DELETE", f"/snapshots/{path}", None, {**world.session(user), **headers})


def get(world: World, path: str = "", user: str | None = "operator") -> Answer:
    """Get a path below the snapshots."""
    return world.send("GET", f"/snapshots{path}", None, world.session(user))


def said(world: World, **more: str) -> Any:
    """Give what Say says, or the status of a refusal."""
    answer = world.act({"flowName": "Say", **more})
    return (
        msgspec.json.decode(answer.body)["responseObjectsMap"]["Out"]["value"]
        if answer.status == 200
        else answer.status
    )


def told(answer: Answer, status: int, title: str) -> dict[str, Any]:
    """Check that an answer is a problem and give it."""
    assert (answer.status, answer.header("content-type")) == (status, "application/problem+json")
    problem: dict[str, Any] = msgspec.json.decode(answer.body)
    assert (problem["status"], problem["title"]) == (status, title)
    assert problem["type"] == f"urn:microflow:error:{problem['code']}"
    assert answer.header("x-microflow-epoch") is not None
    assert answer.header("cache-control") == "no-store"
    return problem


def test_a_package_is_published_activated_and_rolled_back(shop: World) -> None:
    """The whole way: what answers, which header tells it, and what is listed at the end."""
    answer = deploy(shop, package("v.1", says("one")))
    done = msgspec.json.decode(answer.body)
    assert (answer.status, done["app"], done["version"], done["kind"], done["flows"]) == (201, "Shop", "v.1", "full", 1)
    assert (done["is_new"], done["is_active"], done["is_trial"]) == (True, False, False)
    assert done["compared_with"].startswith("v.0+")
    assert [(change["name"], change["how"]) for change in done["difference"]["flows"]] == [("Say", "changed")]
    assert answer.header("x-microflow-epoch") == str(done["epoch"])
    assert (said(shop), said(shop, snapVersion="v.1")) == ("folder", "one")
    activated = post(shop, "Shop/v.1/activate")
    epoch = done["epoch"] + 1
    assert msgspec.json.decode(activated.body) == {
        "app": "Shop", "version": "v.1", "before": "working", "changed": True, "epoch": epoch,
    }  # fmt: skip
    assert activated.header("x-microflow-epoch") == str(epoch)
    assert said(shop) == "one"
    assert deploy(shop, package("v.2", says("two")), "?activate=true&app=Shop").status == 201
    assert said(shop) == "two"
    back = msgspec.json.decode(post(shop, "Shop/rollback").body)
    assert (back["version"], back["before"], said(shop)) == ("v.1", "v.2", "one")
    assert msgspec.json.decode(post(shop, "Shop/rollback").body)["version"] == "working"
    assert said(shop) == "folder"
    assert told(post(shop, "Shop/rollback"), 409, "Conflict")["detail"].startswith("There is nothing to go back to")
    seen = msgspec.json.decode(get(shop, "/Shop").body)
    assert (seen["app"], seen["active"]) == ("Shop", "working")
    assert seen["working"].startswith("v.0+")
    assert [(each["version"], each["is_active"]) for each in seen["snapshots"]] == [("v.2", False), ("v.1", False)]
    assert [each["version"] for each in seen["history"]] == ["working", "v.1", "v.2", "v.1"]
    assert {each["actor"] for each in seen["history"]} == {"operator"}


def test_only_what_is_active_answers_without_a_version(shop: World) -> None:
    """A flow that the activated snapshot does not have is 404, in every way to ask, and is found by a version that has it."""
    deploy(shop, package("v.1", flow_text("New", "new")))
    ask = {"flowName": "New"}
    assert shop.act(ask).status == 404
    assert shop.act({**ask, "appName": "Shop"}).status == 404
    assert shop.act({**ask, "snapVersion": "v.1"}).status == 200
    post(shop, "Shop/v.1/activate")
    for more in ({}, {"appName": "Shop"}, {"snapVersion": "v.1"}):
        assert shop.act({**ask, **more}).header("x-microflow-snapshot") == "v.1"
    assert (said(shop), said(shop, appName="Shop"), said(shop, snapVersion="v.0")) == (404, 404, "folder")
    assert said(shop, snapVersion="v.7") == 404


def test_a_published_version_comes_before_a_folder_of_that_version(shop: World) -> None:
    """`v.0` is the published one once it is published, active or not; the folder has its full name."""
    assert said(shop, snapVersion="v.0") == "folder"
    deploy(shop, package("v.0", says("published")))
    assert (said(shop), said(shop, snapVersion="v.0")) == ("folder", "published")
    working = msgspec.json.decode(get(shop, "/Shop").body)["working"]
    assert said(shop, snapVersion=working) == "folder"


def test_a_trial_tells_and_changes_nothing(shop: World) -> None:
    """It gives the difference and what callers meet; nothing is published."""
    epoch = shop.runtime.catalog.epoch
    wider = "business_object: Text\nfields: {value: string?, must: string}\n"
    answer = deploy(shop, package("v.1", flow_text("Other", "x"), text=wider), "?dry_run=true&activate=true")
    done = msgspec.json.decode(answer.body)
    assert (answer.status, done["is_trial"], done["is_active"]) == (200, True, True)
    assert [(change["name"], change["how"]) for change in done["difference"]["flows"]] == [
        ("Other", "added"),
        ("Say", "removed"),
    ]
    assert [(impact["flow"], impact["breaking"]) for impact in done["impacts"]] == [("Say", True)]
    assert (shop.runtime.catalog.epoch, said(shop, snapVersion="v.1")) == (epoch, 404)
    assert msgspec.json.decode(get(shop, "/Shop").body)["snapshots"] == []


def test_a_patch_over_http(shop: World) -> None:
    """A package that says it is a patch is laid over its base."""
    deploy(shop, package("v.1", says("one"), flow_text("Gone", "x")))
    patch = package("v.1.1", says("patched"), snapshot='kind: patch\nbase: v.1\nremoved: ["microflows/Gone.yaml"]\n')
    done = msgspec.json.decode(deploy(shop, patch, "?activate=true").body)
    assert (done["kind"], done["base"], done["flows"]) == ("patch", "v.1", 1)
    assert said(shop) == "patched"


def test_publishing_again(shop: World) -> None:
    """The same content is 200 and changes nothing, another one is 409."""
    deploy(shop, package("v.1", says("one")))
    epoch = shop.runtime.catalog.epoch
    answer = deploy(shop, package("v.1", says("one")))
    assert (answer.status, msgspec.json.decode(answer.body)["is_new"]) == (200, False)
    problem = told(deploy(shop, package("v.1", says("other")), "?activate=true"), 409, "Conflict")
    assert problem["detail"] == "The snapshot v.1 of Shop is published already and never changes."
    assert (problem["code"], shop.runtime.catalog.epoch, said(shop)) == ("MF-R409", epoch, "folder")


def test_a_package_with_faults(shop: World) -> None:
    """All faults come back as records, named by the app, and nothing is changed."""
    epoch = shop.runtime.catalog.epoch
    answer = deploy(shop, package("v.1", says("= nothing"), flow_text("Ask", "x", "Nobody")), "?app=Shop")
    problem = told(answer, 409, "Conflict")
    assert (problem["code"], problem["fault_count"]) == ("MF-D000", 2)
    assert {(fault["code"], fault["place"]["file"]) for fault in problem["faults"]} == {
        ("MF-F002", "Shop/microflows/Say.yaml"),
        ("MF-D074", "Shop/microflows/Ask.yaml"),
    }
    assert shop.runtime.catalog.epoch == epoch


@pytest.mark.parametrize(
    ("query", "told_of"),
    [
        ("?activate=yes", "activate must be true or false"),
        ("?dry_run=1", "dry_run must be true or false"),
        ("?dry-run=true", "The query takes app, activate and dry_run"),
        ("?activate=true&activate=false", "each once"),
        ("?app=Other", "No role of operator"),
    ],
)
def test_queries_that_are_none(shop: World, query: str, told_of: str) -> None:
    """A parameter that is misspelt, twice or neither true nor false is refused: publishing is no place for guesses."""
    answer = deploy(shop, package("v.1", says("one")), query)
    assert told_of in msgspec.json.decode(answer.body)["detail"]
    assert answer.status in {400, 403}
    assert shop.run(shop.store.list_snapshots()) == []


def test_bodies_that_are_no_package(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another type, a compressed body, too many bytes, nonsense, and one that never arrives."""
    good = package("v.1", says("one"))
    assert told(deploy(shop, good, content_type="application/json"), 415, "Unsupported Media Type")
    assert told(deploy(shop, good, content_encoding="gzip"), 415, "Unsupported Media Type")
    assert "zip" in told(deploy(shop, b"PK nonsense"), 400, "Bad Request")["detail"]
    assert "zip" in told(deploy(shop, b""), 400, "Bad Request")["detail"]
    monkeypatch.setattr("microflow_runtime.web.snapshots.MAX_PACKAGE_BYTES", 100)
    assert told(deploy(shop, good), 413, _too_large())
    assert told(deploy(shop, good, content_length="101"), 413, _too_large())
    sent = {**ZIP, **shop.session("operator")}
    slow = shop.send("POST", "/snapshots", [b"P"] * 3, sent, pause_seconds=1.5)
    assert "did not arrive in time" in told(slow, 400, "Bad Request")["detail"]
    assert shop.run(shop.store.list_snapshots()) == []


def _too_large() -> str:
    from http import HTTPStatus

    return HTTPStatus(413).phrase


def test_who_may_what(shop: World) -> None:
    """Without a session 401, without the right 403; to see needs `view`, to change needs `deploy`, of this very app."""
    good = package("v.1", says("one"))
    for user, status, title in (
        (None, 401, "Unauthorized"),
        ("caller", 403, "Forbidden"),
        ("stranger", 403, "Forbidden"),
    ):
        for answer in (
            deploy(shop, good, user=user),
            deploy(shop, good, "?app=Shop&dry_run=true", user=user),
            deploy(shop, b"not even looked at", user=user),
            post(shop, "Shop/v.1/activate", user),
            post(shop, "Shop/rollback", user),
            post(shop, "Shop/v.1/withdraw", user),
            post(shop, "Shop/v.1/restore", user),
            remove(shop, "Shop/v.1", user),
        ):
            told(answer, status, title)
    assert told(get(shop, user=None), 401, "Unauthorized")
    assert told(get(shop, "/Shop", None), 401, "Unauthorized")
    assert told(get(shop, "/Shop", "caller"), 403, "Forbidden")
    assert get(shop, "/Shop", "stranger").status == 200
    assert [each["app"] for each in msgspec.json.decode(get(shop, "", "stranger").body)["apps"]] == ["Shop"]
    assert msgspec.json.decode(get(shop, "", "caller").body) == {"apps": []}
    other = package("v.1", says("one"), app="Other")
    assert told(deploy(shop, other), 403, "Forbidden")["detail"].endswith("permits deploy on microflow Other.")
    assert (
        told(deploy(shop, other, "?app=Shop"), 400, "Bad Request")["detail"]
        == "The package holds the app Other, not Shop."
    )
    assert shop.run(shop.store.list_snapshots()) == []


def test_what_is_not_there(shop: World) -> None:
    """An unknown version, app or base is 404; a wrong method 405 names the right ones."""
    deploy(shop, package("v.1", says("one")))
    detail = told(post(shop, "Shop/v.11/activate"), 404, "Not Found")["detail"]
    assert detail == "The app Shop has no published snapshot v.11; did you mean v.1?"
    shop.run(set_role(shop.security, OPERATOR, "operator", allow=[Permission("microflow", "*", "view")]))
    told(get(shop, "/Nobody"), 404, "Not Found")
    patch = package("v.2", snapshot="kind: patch\nbase: v.0.7\nremoved: []\n")
    assert "v.0.7" in told(deploy(shop, patch), 404, "Not Found")["detail"]
    wrong = shop.send("DELETE", "/snapshots", None, shop.session("operator"))
    told(wrong, 405, "Method Not Allowed")
    assert wrong.header("allow") == "GET, POST"
    assert told(shop.send("GET", "/snapshots/Shop/rollback", None, shop.session("operator")), 405, "Method Not Allowed")


def test_a_foreign_page_cannot_deploy_with_its_visitor_s_cookie(shop: World) -> None:
    """A cookie from a page of another site changes nothing, and may look."""
    login = shop.send(
        "POST",
        "/IAM2RESTService/services/v1/login",
        b'{"username":"operator","password":"long enough"}',
        {"content-type": "application/json"},
    )
    cookie = (login.header("set-cookie") or "").partition(";")[0]
    deploy(shop, package("v.1", says("one")))
    for path in ("Shop/v.1/activate", "Shop/rollback", "Shop/v.1/withdraw", "Shop/v.1/restore"):
        assert post(shop, path, None, cookie=cookie, **{"sec-fetch-site": "cross-site"}).status == 403
    assert remove(shop, "Shop/v.1", None, cookie=cookie, **{"sec-fetch-site": "cross-site"}).status == 403
    good = package("v.2", says("two"))
    assert deploy(shop, good, user=None, cookie=cookie, sec_fetch_site="same-site").status == 403
    assert said(shop) == "folder"
    assert post(shop, "Shop/v.1/activate", None, cookie=cookie).status == 200


def test_changes_are_audited(shop: World) -> None:
    """Who published, activated and rolled back what, and who was refused."""
    deploy(shop, package("v.1", says("one")), "?activate=true")
    post(shop, "Shop/rollback")
    post(shop, "Shop/v.1/activate")
    post(shop, "Shop/v.1/activate", "caller")
    deploy(shop, package("v.2", says("two")))
    post(shop, "Shop/v.2/withdraw")
    post(shop, "Shop/v.2/restore")
    remove(shop, "Shop/v.2")
    remove(shop, "Shop/v.1", "stranger")
    rows = [row.entry for row in shop.run(shop.store.list_audit()) if row.entry.object_type == "microflow"]
    found = [(row.actor, row.action, row.object_name, row.outcome) for row in reversed(rows)]
    assert found == [
        ("operator", "deploy", "Shop", "done"),
        ("operator", "roll back", "Shop", "done"),
        ("operator", "activate", "Shop", "done"),
        ("caller", "deploy", "Shop", "refused"),
        ("operator", "deploy", "Shop", "done"),
        ("operator", "withdraw", "Shop", "done"),
        ("operator", "restore", "Shop", "done"),
        ("operator", "delete", "Shop", "done"),
        ("stranger", "deploy", "Shop", "refused"),
    ]
    assert rows[1].detail == "full snapshot v.2 of Shop deleted"
    assert rows[-1].detail == "full snapshot v.1 of Shop, 1 flow, answers from now on"


def test_every_answer_names_the_epoch(shop: World) -> None:
    """Answers and refusals of every path, the preflights of pages too."""
    preflight = {"origin": "https://app.example", "access-control-request-method": "POST"}
    answers = [
        shop.act({"flowName": "Say"}),
        shop.act({"flowName": "Nobody"}),
        shop.act({"flowName": "Say"}, user=None),
        shop.act(b"{"),
        shop.act({"flowName": "Say"}, headers={"x-microflow-min-epoch": "999"}),
        shop.send("GET", "/MicroflowRest/DoAction"),
        shop.send("OPTIONS", "/MicroflowRest/DoAction", None, preflight),
        shop.send("OPTIONS", "/snapshots", None, preflight),
        shop.send("GET", "/MicroflowRest/refreshCache", None, shop.session("operator")),
        shop.send("GET", "/MicroflowRest/refreshCache"),
        shop.send("POST", "/MicroflowRest/classAction", b"{}", {"content-type": "application/json"}),
        shop.send("GET", "/IAM2RESTService/services/v1/perms/nonsense"),
        shop.send("GET", "/livez"),
        shop.send("GET", "/nowhere"),
        shop.send("POST", "/MicroflowRest/DoAction", b"{}", host="evil.example"),
        shop.send("GET", "/snapshots", host="evil.example"),
        get(shop),
        deploy(shop, b"x"),
    ]
    epoch = str(shop.runtime.catalog.epoch)
    assert [answer.header("x-microflow-epoch") for answer in answers] == [epoch] * len(answers)


def test_an_older_version_lets_nobody_in_that_the_active_one_does_not(shop: World) -> None:
    """Callers without a session, and accounts to run as, count only where the active version names them as well."""

    def with_rights(anonymous: str, runs_as: str) -> str:
        rights = f"anonymous: {{as: {anonymous}}}\n" * bool(anonymous) + f"runs_as: {runs_as}\n" * bool(runs_as)
        return says("old").replace("outputs:", f"{rights}outputs:", 1)

    shop.run(set_role(shop.security, OPERATOR, "caller", grant=[("Shop/Say", "guest")]))
    deploy(shop, package("v.1", with_rights("guest", "")))
    deploy(shop, package("v.2", with_rights("", "guest")))
    deploy(shop, package("v.3", flow_text("Other", "x")))
    ask = {"flowName": "Say"}

    def statuses(user: str | None) -> list[int]:
        return [shop.act({**ask, "snapVersion": version}, user=user).status for version in ("v.1", "v.2")]

    assert (statuses(None), statuses("caller")) == ([401, 401], [200, 403])
    for version, strangers, callers in (
        ("v.1", [200, 401], [200, 403]),
        ("v.2", [401, 401], [200, 200]),
        ("v.3", [401, 401], [200, 403]),
    ):
        post(shop, f"Shop/{version}/activate")
        assert (statuses(None), statuses("caller")) == (strangers, callers), version


def test_a_version_is_withdrawn_restored_and_deleted(shop: World) -> None:
    """Nobody can call it while it is withdrawn; it is listed so, comes back, and is gone once it was deleted."""
    for version, text in (("v.1", "one"), ("v.2", "two")):
        deploy(shop, package(version, says(text)))
    epoch = shop.runtime.catalog.epoch

    def done(answer: Answer, state: str, *, changed: bool = True) -> None:
        nonlocal epoch
        epoch += changed
        body = {"app": "Shop", "version": "v.1", "state": state, "changed": changed, "epoch": epoch}
        assert (answer.status, msgspec.json.decode(answer.body)) == (200, body)
        assert answer.header("x-microflow-epoch") == str(epoch)

    done(post(shop, "Shop/v.1/withdraw"), "withdrawn")
    done(post(shop, "Shop/v.1/withdraw"), "withdrawn", changed=False)
    assert (said(shop, snapVersion="v.1"), said(shop, snapVersion="v.2"), said(shop)) == (404, "two", "folder")
    shown = msgspec.json.decode(get(shop, "/Shop").body)["snapshots"]
    assert [(each["version"], each["withdrawn_at"] is None) for each in shown] == [("v.2", True), ("v.1", False)]
    assert "withdrawn" in told(post(shop, "Shop/v.1/activate"), 409, "Conflict")["detail"]
    done(post(shop, "Shop/v.1/restore"), "restored")
    assert said(shop, snapVersion="v.1") == "one"
    done(remove(shop, "Shop/v.1"), "deleted")
    assert said(shop, snapVersion="v.1") == 404
    told(remove(shop, "Shop/v.1"), 404, "Not Found")
    post(shop, "Shop/v.2/activate")
    for answer in (remove(shop, "Shop/v.2"), post(shop, "Shop/v.2/withdraw")):
        assert told(answer, 409, "Conflict")["detail"] == "Shop answers from v.2; activate another version first."


def test_a_version_may_have_the_name_of_a_path(shop: World) -> None:
    """A version `rollback` is deleted like any other."""
    deploy(shop, package("rollback", says("one")))
    assert remove(shop, "Shop/rollback").status == 200
    assert said(shop, snapVersion="rollback") == 404


def test_a_refresh_names_what_answers_in_the_place_of_a_folder(shop: World) -> None:
    """The body stays as clients know it; headers say which version answers, and how the folder would again."""

    def refreshed() -> list[Answer]:
        record = next(record for record in shop.runtime.catalog.folder_flows() if record.name == "Say")
        body = msgspec.json.encode({"fileNames": [record.package_name], "event": "refresh"})
        sent = shop.session("operator")
        answers = [
            shop.send("GET", "/MicroflowRest/refreshCache", None, sent),
            shop.send("POST", "/MicroflowRest/classAction", body, {**sent, "content-type": "application/json"}),
        ]
        assert [answer.status for answer in answers] == [200, 200]
        assert answers[0].body == b"RefreshCache Success"
        return answers

    deploy(shop, package("v.1", says("one")))
    for answer in refreshed():
        assert (answer.header("x-microflow-answering"), answer.header("x-microflow-notice")) == (None, None)
    post(shop, "Shop/v.1/activate")
    for answer in refreshed():
        assert answer.header("x-microflow-answering") == "Shop=v.1"
        notice = unquote(answer.header("x-microflow-notice") or "")
        assert notice.startswith("The folder of Shop was read, but it does not answer: v.1 was activated on ")
        assert notice.endswith(' UTC by operator. To let the folder answer: microflow activate "Shop" working')
        assert "," not in (answer.header("x-microflow-notice") or "")
    post(shop, "Shop/working/activate")
    for answer in refreshed():
        assert answer.header("x-microflow-answering") is None


def test_a_refresh_names_flows_that_answer_from_elsewhere(shop: World) -> None:
    """Of an activated snapshot of single flows only those; the others of the folder answer."""
    write_flow(shop.settings.apps[0], "Other", flow_text("Other", "x").split("\n", 1)[1])
    flows = package("v.9", says("nine"), snapshot="kind: flows\n")
    assert deploy(shop, flows, "?activate=true").status == 201
    answer = shop.send("GET", "/MicroflowRest/refreshCache", None, shop.session("operator"))
    assert answer.header("x-microflow-answering") == "Shop=v.9"
    assert "but 1 of its 2 flows do not: v.9" in unquote(answer.header("x-microflow-notice") or "")


def test_a_pinned_sub_flow_needs_the_callers_right(shop: World) -> None:
    """What an old version says about who may call it does not count when it is called of a flow: the role decides."""
    opened = says("old").replace("outputs:", "anonymous: {as: guest}\nruns_as: guest\noutputs:", 1)
    deploy(shop, package("v.1", opened))
    deploy(shop, package("v.2", flow_text("Call", "x", callee="Say", pin="v.1"), says("new")), "?activate=true")
    rights = [Permission("microflow", "Shop/Call", "execute")]
    grants = [("Shop/Say", "guest")]
    shop.run(set_role(shop.security, OPERATOR, "stranger", allow=rights, grant=grants))
    body = msgspec.json.decode(shop.act({"flowName": "Call"}, user="stranger").body)
    assert (body["responseStatus"], "may not execute" in body["exception"]) == ("ERROR", True)
    assert said(shop, snapVersion="v.2") == "new"
    shop.run(set_role(shop.security, OPERATOR, "stranger", allow=[Permission("microflow", "Shop/Say", "execute")]))
    body = msgspec.json.decode(shop.act({"flowName": "Call"}, user="stranger").body)
    assert body["responseObjectsMap"]["Out"]["value"] == "xold"

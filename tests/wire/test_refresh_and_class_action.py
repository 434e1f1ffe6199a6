"""refreshCache and classAction: what they answer byte for byte, and that the figures are true."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.app_folder import write_app, write_flow
from tests.wire.asgi_client import Answer
from tests.wire.world import World

from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime.checking import read_catalog
from microflow_runtime.runtime.packages import write_package

_FIRST = """
    inputs: {Order: Order}
    outputs: {Answer: Answer, Answers: [Answer]}
    variables: {Kept: Order, Count: integer}
    nodes:
      Start: {type: start, next: Say}
      Say: {type: mapping, out: {Answer.text: "TEXT"}, next: End}
      End: {type: end}
    """
_SECOND = """
    outputs: {Answer: Answer}
    nodes:
      Start: {type: start, next: End}
      End: {type: end}
    """
_NAME = "id-of-First.Small.First.v.1.0.0.jar"
_SECOND_NAME = "id-of-Second.Small.Second.v.1.0.0.jar"


@pytest.fixture(params=["/", "/oneweb"])
def small(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Give a worker with one app of two flows and three Business Objects, which the test may change on disk."""
    app = write_app(
        tmp_path / "apps" / "Small",
        "app: Small\nversion: v.1.0.0\n",
        {"Order": "lines: [Line]\nnote: string?", "Line": "sku: string\nquantity: integer", "Answer": "text: string?"},
        {"First": _FIRST, "Second": _SECOND},
    )
    world = World(tmp_path, [app], allow=[("microflow", "*", "execute")], context_root=request.param)
    yield world
    world.close()


def refresh(world: World, user: str | None = "operator", **headers: str) -> Answer:
    """Call refreshCache."""
    return world.send("GET", "/MicroflowRest/refreshCache", None, {**world.session(user), **headers})


def class_action(world: World, body: Any, user: str | None = "operator") -> Answer:
    """Call classAction with a body, encoded as JSON unless it is bytes."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    headers = {"content-type": "application/json", **world.session(user)}
    return world.send("POST", "/MicroflowRest/classAction", raw, headers)


def ten_keys(
    *, exception: str = "", flows: str = "", files: str = "", objects: int = 0, definitions: int = 0, maps: int = 0,
    fields: int = 0, classes: int = 0, flow_count: int = 0,
) -> bytes:  # fmt: skip
    """Give the bytes of an answer of classAction."""
    status = "ERROR" if exception else "SUCCESS"
    return (
        f'{{"businessObjectSize":{objects},"exception":"{exception}","fieldDescriptersMapSize":{maps},'
        f'"process":[{flows}],"businessObjectDefSize":{definitions},"files":[{files}],"cacheClassSize":{classes},'
        f'"definitionSize":{flow_count},"responseStatus":"{status}","fieldDescripterSize":{fields}}}'
    ).encode()


def text_of(world: World) -> bytes:
    """Give what the flow First says now, or the error."""
    return world.act({"flowName": "First", "object": {"Order": {}}}).body


def change(world: World, text: str) -> None:
    """Let First say another text from the next refresh on."""
    write_flow(world.settings.apps[0], "First", _FIRST.replace("TEXT", text))


# refreshCache


def test_refresh_success(small: World) -> None:
    """A refresh answers 200 with its text, and the next call sees the new definition, under a new epoch."""
    before = small.runtime.catalog.epoch
    change(small, "new")
    assert b'"text":"TEXT"' in text_of(small)
    answer = refresh(small)
    assert (answer.status, answer.body) == (200, b"RefreshCache Success")
    assert answer.header("content-type") == "text/plain; charset=utf-8"
    assert answer.header("x-microflow-epoch") == str(before + 1)
    assert answer.header("x-microflow-worker") == "7"
    assert b'"text":"new"' in text_of(small)


def test_refresh_of_nothing_new(small: World) -> None:
    """A refresh that finds nothing changed succeeds and keeps the epoch."""
    before = small.runtime.catalog.epoch
    assert refresh(small).body == b"RefreshCache Success"
    assert small.runtime.catalog.epoch == before


def test_refresh_of_a_business_object(small: World) -> None:
    """A field that is added to a Business Object on disk appears in replies after the refresh."""
    path = small.settings.apps[0] / "business_objects" / "Answer.yaml"
    path.write_text(path.read_text() + "  added: {type: string, default: here}\n")
    assert b"added" not in text_of(small)
    assert refresh(small).status == 200
    assert b'"text":"TEXT","added":"here"' in text_of(small)


def test_refresh_of_broken_definitions(small: World) -> None:
    """A refresh that finds faults is 409 with one line that counts them and tells the first, and changes nothing."""
    before = small.runtime.catalog.epoch
    change(small, "new")
    write_flow(small.settings.apps[0], "Second", _SECOND.replace("next: End", "next: Nowhere"))
    for _ in range(2):
        answer = refresh(small)
        assert answer.status == 409
        assert answer.header("content-type") == "text/plain; charset=utf-8"
        told = 'Small/microflows/Second.yaml:6:30: MF-D051 There is no node "Nowhere".'
        assert answer.body.decode() == f"1 fault in the definitions; the first: {told}"
        assert small.runtime.catalog.epoch == before
        assert b'"text":"TEXT"' in text_of(small)
    write_flow(small.settings.apps[0], "Second", _SECOND)
    assert refresh(small).status == 200
    assert b'"text":"new"' in text_of(small)


def test_refresh_after_a_file_is_gone(small: World) -> None:
    """A flow whose file was removed is unknown after the refresh, and others go on."""
    (small.settings.apps[0] / "microflows" / "Second.yaml").unlink()
    assert refresh(small).status == 200
    assert small.act({"flowName": "Second"}).status == 404
    assert b'"text":"TEXT"' in text_of(small)


def test_refresh_refusals(small: World) -> None:
    """Without a session 401, without the right 403, by another method 405: one line of plain text each."""
    for user, status, told in (
        (None, 401, b"This needs a session."),
        ("caller", 403, b"No role of caller permits refresh on cache *."),
        ("stranger", 403, b"No role of stranger permits refresh on cache *."),
    ):
        answer = refresh(small, user)
        assert (answer.status, answer.body) == (status, told)
        assert answer.header("content-type") == "text/plain; charset=utf-8"
    assert refresh(small, None).header("www-authenticate") == "Bearer"
    garbage = refresh(small, None, iamtoken="garbage")
    assert (garbage.status, garbage.body) == (401, b"There is no such session.")
    post = small.send("POST", "/MicroflowRest/refreshCache", b"", small.session("operator"))
    assert (post.status, post.body, post.header("allow")) == (405, b"refreshCache takes GET.", "GET")


def test_refresh_with_the_cookie_of_a_foreign_page(small: World) -> None:
    """A page of another site cannot refresh with its visitor's cookie; a program without a page's headers can."""
    login = small.send(
        "POST",
        "/IAM2RESTService/services/v1/login",
        b'{"username":"operator","password":"long enough"}',
        {"content-type": "application/json"},
    )
    cookie = (login.header("set-cookie") or "").partition(";")[0]
    for name, value in (
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("referer", "https://evil.example/page"),
    ):
        assert refresh(small, None, cookie=cookie, **{name: value}).status == 403
    assert refresh(small, None, cookie=cookie).status == 200
    assert refresh(small, None, cookie=cookie, **{"sec-fetch-site": "same-origin"}).status == 200


# classAction


def test_class_action_refresh_of_one_flow(small: World) -> None:
    """`refresh` reloads the named flow alone, and its figures count what stands behind it."""
    change(small, "new")
    write_flow(small.settings.apps[0], "Second", _SECOND.replace("{Answer: Answer}", "{Answers: [Answer]}"))
    answer = class_action(small, {"fileNames": [_NAME], "event": "refresh"})
    # 1 flow; Order, Answer, [Answer], Kept are 4 uses; Order, Line, Answer 3 definitions with 2 + 2 + 1 fields
    expected = ten_keys(
        flows='"First"', files=f'"{_NAME}"', flow_count=1, objects=4, definitions=3, maps=3, fields=5, classes=3
    )
    assert (answer.status, answer.body) == (200, expected)
    assert answer.header("content-type") == "application/json; charset=utf-8"
    assert b'"text":"new"' in text_of(small)
    assert b'{"Answer":{}}' in small.act({"flowName": "Second"}).body
    assert refresh(small).status == 200
    assert b'{"Answers":[]}' in small.act({"flowName": "Second"}).body


def test_class_action_refresh_of_two_flows(small: World) -> None:
    """Definitions that two flows share are counted once, classes and uses for each flow; a name given twice once."""
    names = [_SECOND_NAME, _NAME, _NAME]
    answer = class_action(small, {"fileNames": names, "event": "refresh"})
    expected = ten_keys(
        flows='"First","Second"',
        files=f'"{_SECOND_NAME}","{_NAME}"',
        flow_count=2,
        objects=5,
        definitions=3,
        maps=3,
        fields=5,
        classes=4,
    )
    assert (answer.status, answer.body) == (200, expected)


def test_class_action_generate(small: World) -> None:
    """`generate` makes the plan and classes of the flow now, before anybody calls it."""
    entry = small.runtime.catalog.find_named("First")[0]
    assert entry.made_plan is None
    answer = class_action(small, {"fileNames": [_NAME], "event": "generate"})
    expected = ten_keys(
        flows='"First"', files=f'"{_NAME}"', flow_count=1, objects=4, definitions=3, maps=3, fields=5, classes=3
    )
    assert (answer.status, answer.body) == (200, expected)
    assert small.runtime.catalog.find_named("First")[0].made_plan is not None
    assert small.runtime.catalog.find_named("Second")[0].made_plan is None


def test_generate_makes_the_plan_of_the_named_flow_alone(small: World, tmp_path: Path) -> None:
    """A flow of the same name in another snapshot is another flow."""
    name = publish(small, tmp_path / "packed", version="v.2.0.0", text="packed")
    assert class_action(small, {"fileNames": [name], "event": "file"}).status == 200
    assert class_action(small, {"fileNames": [name], "event": "generate"}).status == 200
    made = {entry.record.snapshot[:7]: entry.made_plan for entry in small.runtime.catalog.find_named("First")}
    assert made["v.2.0.0"] is not None
    assert made["v.1.0.0"] is None


def publish(world: World, folder: Path, *, version: str, text: str) -> str:
    """Put a package of First into the package folder and give its name."""
    app = write_app(
        folder,
        f"app: Small\nversion: {version}\n",
        {"Order": "lines: [Line]\nnote: string?", "Line": "sku: string\nquantity: integer", "Answer": "text: string?"},
        {"First": _FIRST.replace("TEXT", text)},
    )
    catalog, definitions, _ = world.run(read_catalog((app,), NODE_TYPES))
    record = catalog.find_named("First")[0].record
    world.settings.packages_folder.mkdir(parents=True, exist_ok=True)
    content = write_package(definitions[0], ["First"])
    (world.settings.packages_folder / record.package_name).write_bytes(content)
    return record.package_name


def test_class_action_file(small: World, tmp_path: Path) -> None:
    """`file` publishes the package beside the working folder; a call that names its version gets it."""
    name = publish(small, tmp_path / "packed", version="v.2.0.0", text="packed")
    assert small.act({"flowName": "First", "snapVersion": "v.2.0.0"}).status == 404
    answer = class_action(small, {"fileNames": [name], "event": "file"})
    expected = ten_keys(
        flows='"First"', files=f'"{name}"', flow_count=1, objects=4, definitions=3, maps=3, fields=5, classes=3
    )
    assert (answer.status, answer.body) == (200, expected)
    packed = small.act({"flowName": "First", "snapVersion": "v.2.0.0", "object": {"Order": {}}})
    assert b'"text":"packed"' in packed.body
    assert packed.header("x-microflow-snapshot") == "v.2.0.0"
    assert b'"text":"TEXT"' in text_of(small)
    again = class_action(small, {"fileNames": [name], "event": "file"})
    assert (again.status, again.body) == (200, expected)
    assert refresh(small).status == 200
    assert small.act({"flowName": "First", "snapVersion": "v.2.0.0", "object": {"Order": {}}}).body == packed.body


def test_a_published_snapshot_never_changes(small: World, tmp_path: Path) -> None:
    """A package with another content under a published name is 409, and the first content stays."""
    name = publish(small, tmp_path / "packed", version="v.2.0.0", text="packed")
    assert class_action(small, {"fileNames": [name], "event": "file"}).status == 200
    publish(small, tmp_path / "packed again", version="v.2.0.0", text="other")
    answer = class_action(small, {"fileNames": [name], "event": "file"})
    told = 'The snapshot v.2.0.0 of \\"First\\" is published already and never changes.'
    assert (answer.status, answer.body) == (409, ten_keys(exception=told))
    packed = small.act({"flowName": "First", "snapVersion": "v.2.0.0", "object": {"Order": {}}})
    assert b'"text":"packed"' in packed.body


@pytest.mark.parametrize(
    "name",
    [
        "../First.jar",
        "/etc/passwd",
        "..\\First.jar",
        "a\r\nSet-Cookie: x=1",
        "a\u0000b",
        "First",
        "x" * 10_000,
        ".",
        "..",
    ],
)
@pytest.mark.parametrize("event", ["refresh", "file", "generate"])
def test_names_that_are_no_package(small: World, event: str, name: str) -> None:
    """A name is looked up, never used as a path, and is not told again in the refusal."""
    small.settings.packages_folder.mkdir(parents=True, exist_ok=True)
    (small.settings.packages_folder.parent / "First.jar").write_bytes(b"not to be read")
    answer = class_action(small, {"fileNames": [name], "event": event})
    told = "There is no such package." if event == "file" else "1 of the 1 names are no flow's package name."
    assert (answer.status, answer.body) == (404, ten_keys(exception=told))


def test_a_link_in_the_package_folder_is_not_followed(small: World, tmp_path: Path) -> None:
    """A link in the package folder is no package, whatever it points to."""
    name = publish(small, tmp_path / "packed", version="v.2.0.0", text="packed")
    path = small.settings.packages_folder / name
    path.rename(tmp_path / name)
    path.symlink_to(tmp_path / name)
    assert class_action(small, {"fileNames": [name], "event": "file"}).status == 404


def test_a_package_that_is_none(small: World) -> None:
    """A file that is no zip archive is 400 with the ten keys."""
    small.settings.packages_folder.mkdir(parents=True, exist_ok=True)
    (small.settings.packages_folder / _NAME).write_bytes(b"PK\x03\x04 nonsense")
    answer = class_action(small, {"fileNames": [_NAME], "event": "file"})
    assert (answer.status, answer.body) == (400, ten_keys(exception="The package is no readable zip archive."))


def test_a_package_of_another_flow(small: World, tmp_path: Path) -> None:
    """A package under the name of another flow is 409."""
    name = publish(small, tmp_path / "packed", version="v.2.0.0", text="packed")
    (small.settings.packages_folder / name).rename(small.settings.packages_folder / _SECOND_NAME)
    answer = class_action(small, {"fileNames": [_SECOND_NAME], "event": "file"})
    told = "The package holds another flow than its name says."
    assert (answer.status, answer.body) == (409, ten_keys(exception=told))


def test_class_action_of_broken_definitions(small: World) -> None:
    """Faults of the named flow are 409 with the ten keys, told without folders of the server, and nothing changes."""
    write_flow(small.settings.apps[0], "First", _FIRST.replace("next: End", "next: Nowhere"))
    answer = class_action(small, {"fileNames": [_NAME, _SECOND_NAME], "event": "refresh"})
    told = '1 fault in the definitions; the first: Small/microflows/First.yaml:9:58: MF-D051 There is no node \\"Nowhere\\".'
    assert (answer.status, answer.body) == (409, ten_keys(exception=told))
    assert b'"text":"TEXT"' in text_of(small)


def test_class_action_beside_a_broken_flow(small: World) -> None:
    """A flow that is broken on disk and not named stays as it was, and the named one is reloaded."""
    change(small, "new")
    write_flow(small.settings.apps[0], "Second", _SECOND.replace("next: End", "next: Nowhere"))
    assert class_action(small, {"fileNames": [_NAME], "event": "refresh"}).status == 200
    assert b'"text":"new"' in text_of(small)
    assert b'{"Answer":{}}' in small.act({"flowName": "Second"}).body


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "The body is not JSON: Input data was truncated."),
        (b"[]", "The body must be a JSON object with fileNames and event."),
        (b'{"fileNames":["a"]}', "The key event must be one of refresh, file, generate."),
        (b'{"fileNames":["a"],"event":"REFRESH"}', "The key event must be one of refresh, file, generate."),
        (b'{"fileNames":["a"],"event":[]}', "The key event must be one of refresh, file, generate."),
        (b'{"fileNames":["a"],"event":{}}', "The key event must be one of refresh, file, generate."),
        (b'{"event":"refresh"}', "The key fileNames must be a list of texts."),
        (b'{"fileNames":"a","event":"refresh"}', "The key fileNames must be a list of texts."),
        (b'{"fileNames":[7],"event":"refresh"}', "The key fileNames must be a list of texts."),
        (b'{"fileNames":[null],"event":"refresh"}', "The key fileNames must be a list of texts."),
        (b'{"fileNames":[""],"event":"refresh"}', "The key fileNames must be a list of texts."),
        (b'{"fileNames":[],"event":"refresh"}', "The key fileNames must hold 1 to 1000 names."),
        (
            b'{"fileNames":[' + b",".join([b'"a"'] * 1001) + b'],"event":"refresh"}',
            "The key fileNames must hold 1 to 1000 names.",
        ),
    ],
)
def test_class_action_bodies_that_are_no_request(small: World, body: bytes, told: str) -> None:
    """A body that is no request is 400 with the ten keys."""
    answer = class_action(small, body)
    assert (answer.status, answer.body) == (400, ten_keys(exception=told))


def test_class_action_refusals(small: World) -> None:
    """Without a session 401, without the right 403, whatever the body; another method 405, another type 415."""
    for user, status, told in (
        (None, 401, "This needs a session."),
        ("caller", 403, "No role of caller permits classAction on cache *."),
    ):
        answer = class_action(small, b"{", user)
        assert (answer.status, answer.body) == (status, ten_keys(exception=told))
    got = small.send("GET", "/MicroflowRest/classAction", None, small.session("operator"))
    assert (got.status, got.body) == (405, ten_keys(exception="classAction takes POST."))
    assert got.header("allow") == "POST"
    text = small.send("POST", "/MicroflowRest/classAction", b"{}", small.session("operator"))
    told = "The body must be application/json in UTF-8."
    assert (text.status, text.body) == (415, ten_keys(exception=told))


def test_refreshes_are_audited(small: World) -> None:
    """Who refreshed what, and who was refused, is in the audit."""
    change(small, "new")
    refresh(small)
    refresh(small, "caller")
    class_action(small, {"fileNames": [_NAME], "event": "generate"})
    rows = small.run(small.store.list_audit())
    told = {(row.entry.actor, row.entry.action, row.entry.outcome) for row in rows}
    assert {("operator", "refresh", "done"), ("caller", "refresh", "refused")} <= told
    assert ("operator", "classAction generate", "done") in told


def test_a_package_that_cannot_be_read(small: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that the server may not read is 503 without its path; the log tells the operator."""
    small.settings.packages_folder.mkdir(parents=True, exist_ok=True)
    (small.settings.packages_folder / _NAME).write_bytes(b"")

    opened = os.open

    def refuse(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if dir_fd is not None:
            raise PermissionError(13, "Permission denied", path)
        return opened(path, flags, mode)

    monkeypatch.setattr(os, "open", refuse)
    answer = class_action(small, {"fileNames": [_NAME], "event": "file"})
    assert (answer.status, answer.body) == (503, ten_keys(exception="The server cannot do this now."))

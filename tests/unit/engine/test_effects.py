"""What is done after the commit: in its order, once, and only when the changes last."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.unit.nodes.file_flows import files_app
from tests.unit.nodes.mail.fake_mail import FakePost
from tests.unit.small_apps import SmallApp, told

from microflow_runtime.engine import RunLimits, perform
from microflow_runtime.engine.effects import KIND
from microflow_runtime.errors import NodeError

APP = """
app: Shop
version: v.1.0.0
data_sources:
  orders: {url: "sqlite:///orders.db"}
connections:
  post: {type: smtp, host: mail.example, from: shop@shop.example}
  web: {url: "https://api.example"}
  drop: {type: folder, path: drop}
"""
NOTE = """
business_object: Note
fields: {text: string?, texts: [string], secret: {type: string, default: '', sensitive: true}}
"""
_MAIL = "{type: mail, connection: post, to: a@b.example, subject: '{s}', text: t, in: {s: '= SUBJECT'}, after: commit, next: NEXT}"
_WRITE = "{type: database, source: orders, command: insert, sql: insert into x values (1), next: NEXT}"
_FAILS = "{type: throw, message: no}"


def mail(subject: str, goes_to: str = "End") -> str:
    """Give a mail node."""
    return _MAIL.replace("SUBJECT", subject).replace("NEXT", goes_to)


def flow(*nodes: str) -> str:
    """Give a flow of nodes A, B, C and so on, then the end if one leads there."""
    names = "ABCDEF"
    lines = "".join(f"  {name}: {node}\n" for name, node in zip(names, nodes, strict=False))
    end = "  End: {type: end}\n" if "End" in lines else ""
    rows = "variables: {Rows: [Row]}\n" if "Row" in lines else ""
    return f"microflow: F\ninputs: {{In: Note}}\noutputs: {{Out: Note}}\n{rows}nodes:\n  Start: {{type: start, next: A}}\n{lines}{end}"


class Post(FakePost):
    """Mails and statements in one list."""

    async def send_mail(self, app: Any, connection: str, sent: Any) -> Any:
        """Keep it, in order."""
        receipt = await super().send_mail(app, connection, sent)
        self.happened.append(f"mail {sent.subject}")
        return receipt


def app_of(post: Post, *nodes: str) -> SmallApp:
    """Give the app."""
    return SmallApp(APP, NOTE, flow(*nodes), sources=post)


async def test_mails_go_out_behind_the_commit_in_order() -> None:
    """Whatever else the flow does in between."""
    post = Post()
    app = app_of(post, mail('"one"', "B"), _WRITE.replace("NEXT", "C"), mail('"two"'))
    await app.call("F", {"In": {}})
    assert [each for each in post.happened if "mail" in each or "commit" in each] == [
        "orders: commit",
        "mail one",
        "mail two",
    ]


async def test_nothing_goes_out_when_the_flow_fails() -> None:
    """Neither after an error, nor after a commit that fails, nor when an output does not fit."""
    post = Post()
    with pytest.raises(NodeError):
        await app_of(post, mail('"one"', "B"), _FAILS).call("F", {"In": {}})
    post.commit_errors["orders"] = NodeError("full", kind="database")
    with pytest.raises(NodeError):
        await app_of(post, mail('"one"', "B"), _WRITE.replace("NEXT", "End")).call("F", {"In": {}})
    assert post.mails == []


async def test_turns_that_fail_send_nothing() -> None:
    """What a turn that was gathered wanted done is forgotten; of turns that went well it is done in their order."""
    post = Post()
    loop = (
        "\n    type: loop\n    each: = In.texts\n    failures: gather\n    next: End\n    nodes:\n"
        "      S: {type: start, next: M}\n"
        f"      M: {mail('Item', 'T')}\n"
        "      T: {type: gateway, links: [{when: '= Item = \"bad\"', to: X}, {otherwise: true, to: E}]}\n"
        "      X: {type: throw, message: no}\n      E: {type: end}"
    )
    await app_of(post, loop).call("F", {"In": {"texts": ["a", "bad", "b"]}})
    assert [each.subject for each in post.mails] == ["a", "b"]


async def test_a_failure_after_the_commit_is_told_and_stops_nothing() -> None:
    """The error says what is committed; what comes behind is done all the same, and what is sensitive is masked."""

    class Refusing(Post):
        async def send_mail(self, app: Any, connection: str, sent: Any) -> Any:
            if sent.subject != "two":
                raise NodeError(f"it refused {sent.subject}.", kind="mail.refused", retryable=True)
            return await super().send_mail(app, connection, sent)

    post = Refusing()
    app = app_of(post, mail("In.secret", "B"), mail('"two"'))
    with pytest.raises(NodeError) as caught:
        await app.call("F", {"In": {"secret": "c4n4ry-7391"}})
    assert caught.value.kind == KIND
    assert caught.value.message == 'Everything is committed, but this failed after it: F, mail "A": it refused ***.'
    assert [each.subject for each in post.mails] == ["two"]


async def test_what_takes_too_long_after_the_commit_is_left() -> None:
    """The time limit of the call holds for it, too."""

    class Slow(Post):
        async def send_mail(self, *_: Any) -> Any:
            await asyncio.sleep(30)

    with pytest.raises(NodeError, match="it took too long"):
        await app_of(Slow(), mail('"one"')).call("F", {"In": {}}, limits=RunLimits(execution_ns=1_000_000_0))


async def test_who_is_cancelled_after_the_commit_keeps_it() -> None:
    """A caller who hangs up then does not keep from being done what belongs to it."""
    post = Post()
    going = asyncio.Event()

    class Waits(Post):
        async def send_mail(self, app: Any, connection: str, sent: Any) -> Any:
            going.set()
            await asyncio.sleep(0.01)
            return await post.send_mail(app, connection, sent)

    app = app_of(Waits(), mail('"one"'))
    task = asyncio.ensure_future(perform(await app.start("F", {"In": {}})))
    await going.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [each.subject for each in post.mails] == ["one"]


_READ = "{type: file read, connection: inbox, file: a.csv, format: delimited, record: Row, MORE, next: NEXT}"
_ROW = "business_object: Row\nfields: {sku: string}"
_INBOX = "app: Shop\nversion: v.1.0.0\nconnections:\n  inbox: {type: folder, path: inbox}\n"


@pytest.mark.parametrize("more", ["move: done/a.csv", "remove: true"])
async def test_a_file_is_moved_when_the_flow_has_succeeded(tmp_path: Path, more: str) -> None:
    """It stays where it is when a node behind the reading fails, so that it is read again."""
    async with files_app(tmp_path) as files:
        place = files.inbox / "a.csv"
        place.write_bytes(b"sku\r\nx\r\n")
        read = _READ.replace("MORE", more)
        failing = SmallApp(_INBOX, NOTE, _ROW, flow(read.replace("NEXT", "B"), _FAILS), sources=files.resources)
        with pytest.raises(NodeError, match="no"):
            await failing.call("F", {"In": {}})
        assert place.exists()
        good = SmallApp(_INBOX, NOTE, _ROW, flow(read.replace("NEXT", "End")), sources=files.resources)
        await good.call("F", {"In": {}})
        assert not place.exists()
        assert (files.inbox / "done" / "a.csv").exists() == more.startswith("move")


async def test_a_target_that_is_there_is_told_before_the_commit(tmp_path: Path) -> None:
    """So that the flow can catch it, and nothing is committed."""
    async with files_app(tmp_path) as files:
        (files.inbox / "a.csv").write_bytes(b"sku\r\nx\r\n")
        (files.inbox / "b.csv").write_bytes(b"")
        read = _READ.replace("MORE", "move: b.csv").replace("NEXT", "End")
        with pytest.raises(NodeError) as caught:
            await SmallApp(_INBOX, NOTE, _ROW, flow(read), sources=files.resources).call("F", {"In": {}})
        assert caught.value.kind == "file.exists"


async def test_a_file_is_written_after_the_commit(tmp_path: Path) -> None:
    """And not at all when the flow fails."""
    write = (
        "{type: file write, connection: inbox, file: out.csv, format: delimited, record: Row,"
        " records: '= [{sku: \"x\"}]', after: commit, next: NEXT}"
    )
    async with files_app(tmp_path) as files:
        out = files.inbox / "out.csv"
        failing = SmallApp(_INBOX, NOTE, _ROW, flow(write.replace("NEXT", "B"), _FAILS), sources=files.resources)
        with pytest.raises(NodeError, match="no"):
            await failing.call("F", {"In": {}})
        assert not out.exists()
        good = SmallApp(_INBOX, NOTE, _ROW, flow(write.replace("NEXT", "End")), sources=files.resources)
        await good.call("F", {"In": {}})
        assert out.read_bytes() == b"sku\r\nx\r\n"


@pytest.mark.parametrize(
    "node",
    [
        mail('"x"').replace("after", "out: {Out.text: = message_id}, after"),
        "{type: rest, connection: web, method: POST, path: /x, out: {Out.text: = body}, after: commit, next: End}",
    ],
)
def test_what_comes_after_the_commit_gives_nothing(node: str) -> None:
    """`check` says so."""
    assert "MF-D070 What is done after the commit gives nothing" in told(APP, NOTE, flow(node)).replace(
        "]", ""
    ).replace("[", " ")

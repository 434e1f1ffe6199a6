"""Makes packages that no server should take: each with the name it is fetched by and the reason it is refused with."""

import stat
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

APP: Final = "Post"
VERSION: Final = "v.1.0.0"
NAME: Final = f"id-of-Send.{APP}.Send.{VERSION}.jar"
GOOD: Final = {
    "app.yaml": b"app: Post\nversion: v.1.0.0\n",
    "business_objects/Letter.yaml": b"business_object: Letter\nfields:\n  text: string?\n",
    "microflows/Send.yaml": (
        b"microflow: Send\nid: id-of-Send\ninputs: {In: Letter}\noutputs: {Out: Letter}\n"
        b"nodes:\n  Start: {type: start, next: End}\n  End: {type: end, out: {Out: = In}}\n"
    ),
}
DAMAGED: Final = "no readable zip archive"


class Hostile(NamedTuple):
    """A package that is refused. `make` gives its bytes, `reason` is looked for in what the caller is told.

    One that is not wrong but for its `name` can be sent without it, so it is not `wrong_by_itself`.
    """

    make: Callable[[], bytes]
    reason: str
    name: str = NAME
    wrong_by_itself: bool = True


class Entry:
    """One entry of a zip, every field of which may lie. What is not said is true."""

    def __init__(self, name: str | bytes, data: bytes = b"x", **lies: Any) -> None:
        self.raw_name = name.encode("utf-8", "surrogatepass") if isinstance(name, str) else name
        self.method = lies.pop("method", 0)
        self.packed = lies.pop("packed", None)
        if self.packed is None:
            self.packed = deflated(data) if self.method == 8 else data
        self.crc = lies.pop("crc", zlib.crc32(data))
        self.packed_size = lies.pop("packed_size", len(self.packed))
        self.size = lies.pop("size", len(data))
        self.flags = lies.pop("flags", 0 if self.raw_name.isascii() else 1 << 11)
        self.extra = lies.pop("extra", b"")
        self.mode = lies.pop("mode", stat.S_IFREG | 0o644)
        self.offset = lies.pop("offset", None)
        self.before = lies.pop("before", b"")
        self.local = lies

    def header(self) -> bytes:
        """Give its own header and data."""
        told = {
            "method": self.method,
            "crc": self.crc,
            "packed_size": self.packed_size,
            "size": self.size,
            "flags": self.flags,
            "name": self.raw_name,
        } | {key.removeprefix("local_"): value for key, value in self.local.items()}
        head = struct.pack(
            "<4sHHHHHIIIHH", b"PK\x03\x04", 20, told["flags"], told["method"], 0, 33, told["crc"], told["packed_size"],
            told["size"], len(told["name"]), len(self.extra),
        )  # fmt: skip
        return head + told["name"] + self.extra + self.packed

    def listed(self, offset: int) -> bytes:
        """Give its line of the directory."""
        head = struct.pack(
            "<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 3 << 8 | 20, 20, self.flags, self.method, 0, 33, self.crc,
            self.packed_size, self.size, len(self.raw_name), len(self.extra), 0, 0, 0, self.mode << 16,
            offset if self.offset is None else self.offset,
        )  # fmt: skip
        return head + self.raw_name + self.extra


def deflated(data: bytes) -> bytes:
    """Give data as an entry holds them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def archive(*entries: Entry, prefix: bytes = b"", suffix: bytes = b"", between: bytes = b"", **lies: Any) -> bytes:
    """Give a zip of these entries; `lies` are fields of its end."""
    body, directory, size = [prefix], [], len(prefix)
    for entry in entries:
        size += len(entry.before)
        directory.append(entry.listed(size if entry.offset is None else entry.offset))
        body += [entry.before, entry.header()]
        size += len(body[-1])
    return _ended(b"".join([*body, between]), b"".join(directory), len(entries), **lies) + suffix


def _ended(body: bytes, directory: bytes, entries: int, **lies: Any) -> bytes:
    count = lies.pop("count", entries)
    end = struct.pack(
        "<4sHHHHIIH", b"PK\x05\x06", lies.pop("disk", 0), lies.pop("first_disk", 0), lies.pop("here", count), count,
        lies.pop("directory_size", len(directory)), lies.pop("directory_at", len(body)), lies.pop("comment_size", 0),
    )  # fmt: skip
    assert not lies
    return body + directory + end


def good_entries(changed: Mapping[str, bytes | None] | None = None) -> list[Entry]:
    """Give the entries of a good package, some of them changed, added or (None) left out."""
    files = {**GOOD, **(changed or {})}
    return [Entry(name, data) for name, data in files.items() if data is not None]


def package(changed: Mapping[str, bytes | None] | None = None) -> bytes:
    """Give a good package with some files changed."""
    return archive(*good_entries(changed))


def _with(*entries: Entry, **lies: Any) -> Callable[[], bytes]:
    return lambda: archive(*good_entries(), *entries, **lies)


def _files(**changed: bytes | None) -> Callable[[], bytes]:
    names = {"app": "app.yaml", "letter": "business_objects/Letter.yaml", "send": "microflows/Send.yaml"}
    return lambda: package({names.get(name, f"microflows/{name}.yaml"): data for name, data in changed.items()})


def _snapshot(text: str) -> Callable[[], bytes]:
    return lambda: package({"snapshot.yaml": text.encode()})


def _names() -> Iterator[tuple[str, Hostile]]:
    out = "leads out of it"
    stray = "does not belong"
    wrong = {
        "../app.yaml": out,
        "..": out,
        ".": out,
        "": out,
        "microflows/../../x.yaml": out,
        "files/x/../../../y": out,
        "files/..": out,
        "/etc/passwd": out,
        "//host/share": out,
        "files//x": out,
        "files/./x": out,
        "C:/x": out,
        "files/x:stream": out,
        "files\\x": out,
        "\\\\host\\share": out,
        "files/a\0b": out,
        "files/a\nb": out,
        "files/\x1b[31mred": out,
        "files/\u202etxt.exe": out,
        "files/" + "a" * 256: out,
        "files/" + "/".join(["a" * 99] * 11): out,
        "files/" + "a/" * 11 + "b": stray,
        "~/x": stray,
        "~root": stray,
        ".env": stray,
        "App.yaml": stray,
        "app.yml": stray,
        "snapshot.yml": stray,
        "META-INF/MANIFEST.MF": stray,
        "microflows/" + "a/" * 11 + "b.yaml": stray,
        "microflows/a.yml": stray,
        "microflows/.a.yaml": stray,
        "microflows/a.yaml~": stray,
        "files/.git/config": stray,
        "files": stray,
        "web/index.html": stray,
    }
    for name, reason in wrong.items():
        yield f"the name {name[:40]!r}", Hostile(_with(Entry(name)), reason)
    yield "a name that is not UTF-8", Hostile(_with(Entry(b"files/\xff\xfe", flags=1 << 11)), "a name is not UTF-8")
    yield "a name of an old code page", Hostile(_with(Entry(b"files/\x94l")), "a name is not UTF-8")
    yield "a surrogate in a name", Hostile(_with(Entry("files/\ud800")), "a name is not UTF-8")
    yield "a folder that leads out", Hostile(_with(Entry("../", b"")), out)
    yield "a folder that holds something", Hostile(_with(Entry("files/", b"hidden")), out)


def _kinds() -> Iterator[tuple[str, Hostile]]:
    kinds = {
        "link": stat.S_IFLNK,
        "character device": stat.S_IFCHR,
        "block device": stat.S_IFBLK,
        "pipe": stat.S_IFIFO,
        "socket": stat.S_IFSOCK,
        "folder": stat.S_IFDIR,
    }
    for name, kind in kinds.items():
        entry = Entry("files/a", b"/etc/passwd", mode=kind | 0o777)
        yield f"a {name} among the files", Hostile(_with(entry), "a link or a special file")
    twice = "the same name twice"
    pairs = {
        "exactly": ("files/a", "files/a"),
        "by capitals": ("files/Maße.txt", "files/MASSE.txt"),
        "by composed letters": ("files/\u00e9", "files/e\u0301"),
        "in a folder": ("files/A/x", "files/a/X"),
        "of a flow": ("microflows/a.yaml", "microflows/A.yaml"),
    }
    for how, (first, second) in pairs.items():
        yield f"a name twice {how}", Hostile(_with(Entry(first), Entry(second)), twice)
    yield "app.yaml twice", Hostile(_with(Entry("app.yaml", b"app: Other\nversion: v.1.0.0\n")), twice)
    yield "a file that is a folder", Hostile(_with(Entry("files/a"), Entry("files/a/b")), "a file that is a folder")


def _code() -> Iterator[tuple[str, Hostile]]:
    code, nested = "holds code", "holds an archive"
    for suffix in ("py", "PYC", "so", "Class", "jar", "sh", "dll", "exe", "js", "wasm", "ps1"):
        yield f"a file .{suffix}", Hostile(_with(Entry(f"files/deep/a.{suffix}")), code)
    for suffix in ("zip", "tar", "gz", "7z", "whl"):
        yield f"a file .{suffix}", Hostile(_with(Entry(f"files/a.{suffix}")), nested)
    signs = {
        "ELF": b"\x7fELF\x02\x01",
        "PE": b"MZ\x90\x00",
        "class": b"\xca\xfe\xba\xbe\x00\x00",
        "wasm": b"\x00asm\x01",
        "Mach-O": b"\xcf\xfa\xed\xfe",
        "script": b"#!/bin/sh\nid\n",
    }
    for name, sign in signs.items():
        yield f"{name} called data", Hostile(_with(Entry("files/data.txt", sign + bytes(9))), code)
    archives = {
        "zip": archive(Entry("a")),
        "gzip": b"\x1f\x8b\x08\x00",
        "bzip2": b"BZh91AY",
        "xz": b"\xfd7zXZ\x00",
        "7z": b"7z\xbc\xaf\x27\x1c",
        "tar": bytes(257) + b"ustar\x00",
        "itself": package(),
    }
    for name, content in archives.items():
        yield f"{name} called data", Hostile(_with(Entry("files/data.txt", content)), nested)


def _bombs() -> Iterator[tuple[str, Hostile]]:
    zeros = bytes(15_000_000)
    tight = "packed tighter than 1 to 100"
    many = [Entry(f"files/{number}", bytes(1_000_000), method=8) for number in range(200)]
    yield "a bomb", Hostile(_with(Entry("files/zeros", zeros, method=8)), tight)
    yield "a bomb as a definition", Hostile(_with(Entry("microflows/a.yaml", bytes(900_000) * 2, method=8)), "may have")
    yield "many small bombs", Hostile(lambda: archive(*good_entries(), *many), "holds more than|packed tighter")
    yield "fewer small bombs", Hostile(lambda: archive(*good_entries(), *many[:100]), tight)
    yield "a file that is too large", Hostile(_with(Entry("files/a", bytes(16_000_001), method=8)), "may have 16000000")
    yield "entries over the same data", Hostile(_overlapping, f"{DAMAGED}: (entries overlap|it holds bytes)")
    yield "an entry inside another", Hostile(_inside, f"{DAMAGED}: (entries overlap|it holds bytes)")
    yield "too many entries", Hostile(_too_many, "more than 50000 entries")
    yield "a count that is not true", Hostile(_with(count=60_000), "more than 50000 entries")
    huge = Entry("files/a", zeros, method=8, size=0xFFFFFFFE)
    yield "a size of 4 GB", Hostile(_with(huge), "may have 16000000")
    small = Entry("files/a", zeros, method=8, size=1000)
    yield "more than it says", Hostile(_with(small), "another size than it says")
    yield "less than it says", Hostile(_with(Entry("files/a", b"abc", method=8, size=4)), "another size than it says")
    endless = Entry("files/a", b"abc", method=8, packed=deflated(b"abc")[:-1])
    yield "a stream without end", Hostile(_with(endless), "another size than it says|is damaged")
    more = Entry("files/a", b"abc", method=8, packed=deflated(b"abc") + b"hidden")
    yield "bytes after a stream", Hostile(_with(more), "another size than it says")
    yield "a stream that is none", Hostile(_with(Entry("files/a", b"abc", method=8, packed=b"\xff" * 9)), "is damaged")
    stored = Entry("files/a", b"abc", size=2)
    yield "stored, and another size", Hostile(_with(stored), "another size than it says")


def _overlapping() -> bytes:
    """Let a thousand names share one lump of packed zeros."""
    lump = Entry("files/0", bytes(1_000_000), method=8)
    at = sum(len(entry.header()) for entry in good_entries())
    same = {"packed": lump.packed, "crc": lump.crc, "size": 1_000_000}
    shared = [Entry(f"files/{number}", b"", method=8, offset=at, **same) for number in range(1, 1000)]
    return _listing_more([*good_entries(), lump], shared)


def _inside() -> bytes:
    """Let an entry lie in the stored data of another."""
    inner = Entry("files/inner", b"inner")
    outer = Entry("files/outer", b"....." + inner.header())
    at = sum(len(entry.header()) for entry in [*good_entries(), outer]) - len(inner.header())
    return _listing_more([*good_entries(), outer], [Entry("files/inner", b"inner", offset=at)])


def _listing_more(entries: list[Entry], more: list[Entry]) -> bytes:
    """Give an archive of entries whose directory also lists others, which lie where they say."""
    content = archive(*entries)
    begin = len(content) - 22 - sum(len(entry.listed(0)) for entry in entries)
    directory = content[begin:-22] + b"".join(entry.listed(0) for entry in more)
    return _ended(content[:begin], directory, len(entries) + len(more))


def _too_many() -> bytes:
    return archive(*good_entries(), *(Entry(f"files/{number}", b"") for number in range(50_001)))


def _format() -> Iterator[tuple[str, Hostile]]:
    yield "nothing", Hostile(lambda: b"", DAMAGED)
    yield "text", Hostile(lambda: b"this is no archive" * 100, DAMAGED)
    yield "an archive of nothing", Hostile(archive, "has no app.yaml")
    yield "a sign and no more", Hostile(lambda: b"PK\x03\x04", DAMAGED)
    for twelfth in range(12):
        yield (
            f"cut off at {twelfth} of 12",
            Hostile(lambda part=twelfth: package()[: len(package()) * part // 12], DAMAGED),
        )
    yield "cut off by a byte", Hostile(lambda: package()[:-1], DAMAGED)
    yield "a script before it", Hostile(lambda: b"#!/bin/sh\nid\n" + package(), DAMAGED)
    yield "a script before it, counted", Hostile(_with(prefix=b"#!/bin/sh\nid\n"), "belong to no entry")
    yield "bytes after it", Hostile(_with(suffix=b"hidden"), "something stands after its end")
    yield "a comment", Hostile(_with(suffix=b"hello", comment_size=5), "something stands after its end")
    yield "a comment that is not there", Hostile(_with(comment_size=5), "larger or smaller than it says")
    yield "another archive after it", Hostile(lambda: package() + package(), DAMAGED)
    yield "bytes before the directory", Hostile(_with(between=b"hidden"), "belong to no entry")
    yield "bytes between entries", Hostile(_with(Entry("files/a", before=b"hidden")), "belong to no entry")
    yield "one of several disks", Hostile(_with(disk=1), "a part of several")
    yield "entries on another disk", Hostile(_with(here=2, count=3), "a part of several")
    yield "fewer entries than listed", Hostile(_with(count=2), "lists more than it counts")
    yield "more entries than listed", Hostile(_with(count=4), "directory is (cut off|damaged)")
    yield "a directory elsewhere", Hostile(_with(directory_at=0), "larger or smaller than it says")
    yield "64-bit sizes", Hostile(_with(Entry("files/a", size=0xFFFFFFFF)), "64-bit")
    yield "a 64-bit field", Hostile(_with(Entry("files/a", extra=struct.pack("<HHQ", 1, 8, 1))), "64-bit")
    yield "a second name", Hostile(_with(Entry("files/a", extra=struct.pack("<HH9s", 0x7075, 9, b"\x01"))), "two names")
    yield "a field that is cut off", Hostile(_with(Entry("files/a", extra=b"\x99\x99\x09\x00")), "directory is damaged")
    yield "encrypted", Hostile(_with(Entry("files/a", flags=1)), "encrypted")
    yield "strongly encrypted", Hostile(_with(Entry("files/a", flags=1 << 6 | 1)), "encrypted")
    yield "a hidden directory", Hostile(_with(Entry("files/a", flags=1 << 13)), "encrypted")
    for method in (1, 9, 12, 14, 93, 95, 99):
        yield f"packed by method {method}", Hostile(_with(Entry("files/a", method=method)), "another way than deflate")
    yield "a patch of bytes", Hostile(_with(Entry("files/a", flags=1 << 5)), "another way than deflate")
    yield "a wrong checksum", Hostile(_with(Entry("files/a", crc=1)), "its checksum is another")
    other = f"{DAMAGED}: an entry is another than its directory says"
    lies: dict[str, Any] = {
        "name": b"files/b",
        "method": 8,
        "flags": 1 << 11,
        "size": 9,
        "packed_size": 9,
        "crc": 9,
    }
    for field, value in lies.items():
        yield f"two readings of a {field}", Hostile(_with(Entry("files/a", **{f"local_{field}": value})), other)
    yield "described later, and not", Hostile(_with(Entry("files/a", flags=1 << 3)), other)
    yield "an entry that begins elsewhere", Hostile(_with(Entry("files/a", offset=0)), DAMAGED)
    yield "an entry beyond the end", Hostile(_with(Entry("files/a", offset=0xFFFFFF)), DAMAGED)


def _definitions() -> Iterator[tuple[str, Hostile]]:
    faults = "fault"
    yield "no app", Hostile(_files(app=None), "has no app.yaml")
    yield "an app that is no YAML", Hostile(_files(app=b"app: [\n"), faults)
    yield "an app without version", Hostile(_files(app=b"app: Post\n"), faults)
    yield "a tag", Hostile(_files(app=b"app: !!python/object/apply:os.system [id]\nversion: v.1.0.0\n"), faults)
    laughs = "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(20))
    yield "a billion laughs", Hostile(_files(app=laughs.encode()), faults)
    yield "deep nesting", Hostile(_files(more=b"microflow: " + b"[" * 50_000), faults)
    yield "a definition that is too large", Hostile(_files(more=b"#" * 1_000_001), "may have 1000000")
    yield "bytes that are not UTF-8", Hostile(_files(send=b"microflow: \xff\n"), faults)
    yield (
        "a Business Object of another name",
        Hostile(_files(letter=b"business_object: Other\nfields:\n  text: string?\n"), faults),
    )
    yield "a Business Object that is missing", Hostile(_files(letter=None), faults)
    send = GOOD["microflows/Send.yaml"]
    yield "a formula that is none", Hostile(_files(send=send.replace(b"= In", b"= In +")), faults)
    yield "a formula of an unknown field", Hostile(_files(send=send.replace(b"= In", b"= In.nothing")), faults)
    yield "an unknown node type", Hostile(_files(send=send.replace(b"type: end", b"type: shell")), faults)
    yield "a node that is not there", Hostile(_files(send=send.replace(b"next: End", b"next: Nowhere")), faults)
    called = send.replace(b"next: End}", b"next: Call}\n  Call: {type: sub flow, flow: Nothing, next: End}")
    yield "a flow that is not there", Hostile(_files(send=called), faults)
    yield "the same flow in two files", Hostile(_files(again=send), faults)
    yield "two flows of one id", Hostile(_files(again=send.replace(b"microflow: Send", b"microflow: Again")), faults)
    yield "a time zone that is a path", Hostile(_files(app=GOOD["app.yaml"] + b"time_zone: ../../etc/passwd\n"), faults)
    source = b'data_sources: {d: {url: "sqlite:////etc/passwd"}}\n'
    script = b'data_sources: {d: {url: "sqlite:///d.db", create_from: files/none.sql}}\n'
    yield "a script that is not there", Hostile(_files(app=GOOD["app.yaml"] + script), faults)
    yield "a database outside the home", Hostile(_files(app=GOOD["app.yaml"] + source), "plain file|cannot do this now")


def _wrong_names() -> Iterator[tuple[str, Hostile]]:
    other = "another flow than its name says"
    names = {
        "another flow": f"id-of-Send.{APP}.Other.{VERSION}.jar",
        "another app": f"id-of-Send.Other.Send.{VERSION}.jar",
        "another version": f"id-of-Send.{APP}.Send.v.2.0.0.jar",
        "another id": f"id.{APP}.Send.{VERSION}.jar",
        "another whole app": f"Other.{VERSION}.jar",
        "no composed name": "Send.jar",
        "capitals": NAME.upper(),
    }
    for what, name in names.items():
        yield f"the name of {what}", Hostile(package, other, name, wrong_by_itself=False)

    again = GOOD["microflows/Send.yaml"].replace(b"Send", b"Again")
    yield (
        "a flow beside the one it is named after",
        Hostile(_files(Again=again), "which that does not call", wrong_by_itself=False),
    )


def _snapshots() -> Iterator[tuple[str, Hostile]]:
    wrong = "snapshot.yaml is wrong"
    texts = {
        "no YAML": ("kind: [", wrong),
        "a list": ("- kind: full", wrong),
        "nothing": ("", wrong),
        "an unknown kind": ("kind: everything", wrong),
        "an unknown key": ("kind: full\nrun: id", wrong),
        "a tag": ("kind: !!python/name:os.system full", wrong),
        "no base": ("kind: patch", wrong),
        "a base of no patch": ("kind: flows\nbase: v.0.1.0", wrong),
        "removals of no patch": ("kind: full\nremoved: [files/a]", wrong),
        "a base that is no version": ("kind: patch\nbase: ../v.0.1.0", wrong),
        "a removed app": ("kind: patch\nbase: v.0.1.0\nremoved: [app.yaml]", wrong),
        "a removal that leads out": ("kind: patch\nbase: v.0.1.0\nremoved: [files/../../x]", wrong),
        "a removal of what it holds": ("kind: patch\nbase: v.0.1.0\nremoved: [microflows/Send.yaml]", "removes"),
        "a removal twice": ("kind: patch\nbase: v.0.1.0\nremoved: [files/a, files/a]", "twice"),
        "a base that is not there": ("kind: patch\nbase: v.0.1.0", "no whole snapshot|no base"),
    }
    for what, (text, reason) in texts.items():
        yield f"a snapshot of {what}", Hostile(_snapshot(text), reason)


HOSTILE: Final[dict[str, Hostile]] = {
    label: hostile
    for group in (_names, _kinds, _code, _bombs, _format, _definitions, _wrong_names, _snapshots)
    for label, hostile in group()
}
"""All of them, by what is wrong."""

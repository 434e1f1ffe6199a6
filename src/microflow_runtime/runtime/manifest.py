"""What a catalog consists of, by the hashes of its parts; kept in the store under the catalog's epoch."""

import hashlib

import msgspec


class FlowRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One flow of one snapshot. `parts` are hashes of documents: app, flow, and each Business Object of its closure.

    `key` stands for everything the plan depends on, callees included: equal keys mean equal plans. Of several snapshots
    of a flow one is `active`. `origin` is `folder` or the name of the package it came from.
    """

    app: str
    name: str
    id: str
    version: str
    snapshot: str
    app_hash: str
    flow_hash: str
    business_objects: dict[str, str]
    callees: tuple[str, ...]
    key: str
    active: bool = True
    origin: str = "folder"
    anonymous_as: str | None = None
    runs_as: str | None = None

    @property
    def group(self) -> str:
        """What a flow's sub flows are looked up in: the working folder as a whole, or one published snapshot."""
        return "folder" if self.origin == "folder" else self.snapshot

    @property
    def package_name(self) -> str:
        """The name of the package that holds this flow. Source: ONEWEB, classAction."""
        return f"{self.id}.{self.app}.{self.name}.{self.version}.jar"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything published at one epoch."""

    flows: tuple[FlowRecord, ...] = ()

    def hashes(self) -> set[str]:
        """List the documents that this manifest needs."""
        wanted: set[str] = set()
        for flow in self.flows:
            wanted |= {flow.app_hash, flow.flow_hash, *flow.business_objects.values()}
        return wanted


def encode_manifest(manifest: Manifest) -> bytes:
    """Give the form in which the store keeps it."""
    return msgspec.json.encode(manifest)


def decode_manifest(body: bytes) -> Manifest:
    """Read the kept form. Raises msgspec.ValidationError when it was written by something else."""
    return msgspec.json.decode(body, type=Manifest)


def key_of(*parts: str) -> str:
    """Give one hash that stands for all the parts, in their order."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(4, "big"))
        digest.update(part.encode())
    return digest.hexdigest()

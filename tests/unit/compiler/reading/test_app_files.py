"""Tests of reading all definitions of an app."""

from microflow_runtime.compiler.reading.app_files import (
    AppDefinitions,
    assemble,
    document_key,
    read_definitions,
    readings,
)
from microflow_runtime.compiler.reading.folder import source_of_files

APP = b"app: Demo\nversion: v.0.1.0\n"
BO = b"business_object: B\nfields: {a: string}\n"
FLOW = b"microflow: F\nid: '1'\nnodes: {S: {type: start}}\n"


class Cache:
    """A cache that counts what is asked of it."""

    def __init__(self) -> None:
        self.forms: dict[str, bytes] = {}
        self.hits = 0

    def find(self, key: str) -> bytes | None:
        """Count a hit."""
        self.hits += key in self.forms
        return self.forms.get(key)

    def keep(self, key: str, form: bytes) -> None:
        """Keep it for ever."""
        self.forms[key] = form


def read(files: dict[str, bytes], cache: Cache | None = None, previous: AppDefinitions | None = None) -> AppDefinitions:
    """Read an app that is in memory."""
    return read_definitions(source_of_files("Demo", files), cache=cache, previous=previous)


def test_records_are_found_by_name() -> None:
    """Names come from inside the files, not from the files' names."""
    definitions = read({"app.yaml": APP, "business_objects/x.yaml": BO, "microflows/y.yaml": FLOW, "files/a": b"text"})
    assert definitions.faults == ()
    assert list(definitions.business_objects) == ["B"]
    assert list(definitions.microflows) == ["F"]
    assert definitions.app is not None
    assert definitions.snapshot == f"v.0.1.0+{definitions.source.fingerprint[:8]}"
    assert definitions.document_of_microflow("F").path == "Demo/microflows/y.yaml"
    assert definitions.document_of_business_object("B").path == "Demo/business_objects/x.yaml"
    assert definitions.app_document is not None
    assert definitions.file_content("files/a") == b"text"
    assert definitions.file_content("app.yaml") is None


def test_faults_of_all_files_are_told_at_once() -> None:
    """One broken file does not hide the faults of another."""
    definitions = read(
        {"app.yaml": b"app: [", "business_objects/x.yaml": BO + b"y: 1\n", "microflows/y.yaml": b"microflow: F\n"}
    )
    assert [fault.code for fault in definitions.faults] == ["MF-D001", "MF-D010", "MF-D011", "MF-D011"]
    assert definitions.snapshot == ""


def test_a_broken_file_still_claims_its_name() -> None:
    """Flows that use a broken Business Object are not blamed for it."""
    definitions = read(
        {"app.yaml": APP, "business_objects/x.yaml": b"business_object: B\n", "business_objects/C.yaml": b"["}
    )
    assert definitions.broken == {"B", "C"}
    assert definitions.business_objects == {}


def test_a_name_or_id_that_stands_twice_is_a_fault() -> None:
    """The second file is named, and the first as the declaration."""
    definitions = read(
        {
            "app.yaml": APP,
            "business_objects/1.yaml": BO,
            "business_objects/2.yaml": BO,
            "microflows/1.yaml": FLOW,
            "microflows/2.yaml": FLOW.replace(b"F", b"G"),
        }
    )
    assert [
        (fault.code, fault.place.file, fault.declared.file)
        for fault in definitions.faults
        if fault.place and fault.declared
    ] == [
        ("MF-D020", "Demo/business_objects/2.yaml", "Demo/business_objects/1.yaml"),
        ("MF-D020", "Demo/microflows/2.yaml", "Demo/microflows/1.yaml"),
    ]


def test_a_flow_and_a_business_object_may_share_a_name() -> None:
    """They are named in different places, so nothing is ambiguous."""
    assert (
        read({"app.yaml": APP, "business_objects/1.yaml": BO, "microflows/1.yaml": FLOW.replace(b"F", b"B")}).faults
        == ()
    )


def test_a_file_that_is_named_must_be_there() -> None:
    """A script that creates a database is looked for before anything runs."""
    app = APP + b"data_sources: {d: {url: x, create_from: files/d.sql}}\n"
    assert [fault.code for fault in read({"app.yaml": app}).faults] == ["MF-D033"]
    assert read({"app.yaml": app, "files/d.sql": b""}).faults == ()


def test_what_is_kept_is_not_parsed_again() -> None:
    """A warm cache gives every document; a damaged form in it only costs time."""
    cache = Cache()
    files = {"app.yaml": APP, "business_objects/x.yaml": BO}
    cold = read(files, cache)
    warm = read(files, cache)
    assert cache.hits == 2
    assert warm.business_objects == cold.business_objects
    cache.forms = dict.fromkeys(cache.forms, b"damaged")
    assert read(files, cache).business_objects == cold.business_objects


def test_a_file_with_faults_in_its_yaml_is_not_kept() -> None:
    """A fault must be told again next time."""
    cache = Cache()
    files = {"app.yaml": APP, "business_objects/x.yaml": BO + b"business_object: C\n"}
    assert (
        [fault.code for fault in read(files, cache).faults]
        == [fault.code for fault in read(files, cache).faults]
        == ["MF-D004"]
    )
    assert len(cache.forms) == 1


def test_unchanged_files_keep_their_readings() -> None:
    """A refresh makes new records only of what has changed."""
    first = read({"app.yaml": APP, "business_objects/x.yaml": BO, "microflows/y.yaml": FLOW})
    second = read(
        {"app.yaml": APP, "business_objects/x.yaml": BO.replace(b"a:", b"b:"), "microflows/y.yaml": FLOW},
        previous=first,
    )
    assert second.microflows["F"] is first.microflows["F"]
    assert second.business_objects["B"] is not first.business_objects["B"]
    assert second.snapshot != first.snapshot


def test_reading_can_be_done_in_slices() -> None:
    """File by file gives the same as all at once."""
    source = source_of_files("Demo", {"app.yaml": APP, "business_objects/x.yaml": BO})
    assert assemble(source, list(readings(source))) == read_definitions(source)


def test_the_key_of_a_document_follows_kind_and_content() -> None:
    """The same text as another kind of file is another document; where it stands does not matter."""
    files = source_of_files(
        "Demo", {"app.yaml": BO, "business_objects/x.yaml": BO, "business_objects/y.yaml": BO}
    ).files
    keys = [document_key(file) for file in files]
    assert keys[1] == keys[2] != keys[0]

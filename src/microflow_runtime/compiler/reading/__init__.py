"""Reads the files of an app into the model's records, and finds everything that is wrong in a file by itself.

Positions are kept, so that a fault of a file, of a plan or of a formula can point at the characters it means.
"""

from microflow_runtime.compiler.reading.app_files import (
    AppDefinitions,
    Assembly,
    DocumentCache,
    FileReading,
    assemble,
    claimed_name,
    declared_twice,
    document_key,
    missing_files,
    read_definitions,
    readings,
)
from microflow_runtime.compiler.reading.composer import Marks, Unreadable, compose
from microflow_runtime.compiler.reading.definitions import Definition, define
from microflow_runtime.compiler.reading.documents import Document, DocumentKind, dump, formula_of, load, parse
from microflow_runtime.compiler.reading.findings import KeyPath, nearest
from microflow_runtime.compiler.reading.folder import (
    AppSource,
    FileKind,
    Fingerprint,
    Scan,
    SourceFile,
    digest_of,
    no_app,
    part_of,
    read_folder,
    scan_folder,
    source_of_files,
)
from microflow_runtime.compiler.reading.offsets import Mark, index_in_text, width_in_text

__all__ = [
    "AppDefinitions",
    "AppSource",
    "Assembly",
    "Definition",
    "Document",
    "DocumentCache",
    "DocumentKind",
    "FileKind",
    "FileReading",
    "Fingerprint",
    "KeyPath",
    "Mark",
    "Marks",
    "Scan",
    "SourceFile",
    "Unreadable",
    "assemble",
    "claimed_name",
    "compose",
    "declared_twice",
    "define",
    "digest_of",
    "document_key",
    "dump",
    "formula_of",
    "index_in_text",
    "load",
    "missing_files",
    "nearest",
    "no_app",
    "parse",
    "part_of",
    "read_definitions",
    "read_folder",
    "readings",
    "scan_folder",
    "source_of_files",
    "width_in_text",
]

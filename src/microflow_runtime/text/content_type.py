"""The encoding that a content type declares."""

import re
from typing import Final

from microflow_runtime.text.decoding import HEAD_BYTES, codec_of
from microflow_runtime.text.encodings import UTF_8, Encoding, UnknownEncoding, find_encoding

_CHARSET: Final = re.compile(r';\s*charset(?:\s*=\s*(?:"([^"]*)"?|([^;]*)))?\s*(?=;|$)', re.IGNORECASE)


def declared_encoding(content_type: str) -> Encoding | None:
    """Give the encoding of the parameter `charset`, None where there is none. Raises UnknownEncoding."""
    if ";" not in content_type:
        return None
    found = _CHARSET.search(content_type)
    return None if found is None else find_encoding((found[1] or found[2] or "").strip())


def shown_text(content: bytes, content_type: str) -> str:
    """Give the beginning of a body for people, whatever it is: a wrong byte is shown by its number."""
    try:
        encoding = declared_encoding(content_type) or UTF_8
    except UnknownEncoding:
        encoding = UTF_8
    codec, size = codec_of(content[:HEAD_BYTES], encoding)
    return content[size:].decode(codec, "backslashreplace")

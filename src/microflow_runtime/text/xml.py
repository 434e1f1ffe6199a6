"""XML in UTF-8, whatever it came in: the parsers know few encodings, and each others.

What a document is in is told, in this order (RFC 7303 and XML 1.0, appendix F), by its mark, the content type, the zero bytes
of its beginning, and its declaration.
"""

import re
from typing import Final

from microflow_runtime.text.decoding import codec_of, decode_by, mark_of
from microflow_runtime.text.encodings import UTF_8, Encoding, find_encoding

DECLARATION_BYTES: Final = 1024
"""A declaration is looked for in so many bytes; one that is longer is taken for UTF-8, and so refused by the parser."""
_DECLARED: Final = re.compile(rb"""<\?xml\s[^>]*?\sencoding\s*=\s*(["'])([^"'>]*)\1""")
_DECLARED_TEXT: Final = re.compile(r"""<\?xml\s[^>]*?\sencoding\s*=\s*(["'])([^"'>]*)\1""")
_ZEROS: Final = (
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0<", "utf-16-be"),
    (b"<\0", "utf-16-le"),
)


def xml_codec(head: bytes, encoding: Encoding | None = None) -> tuple[str, int, str]:
    """Give the codec of a document that begins so, the bytes of its mark, and the encoding's name.

    `encoding` is what the content type declares. Raises UnknownEncoding.
    """
    codec, size = mark_of(head)
    if codec:
        return codec, size, UTF_8.name
    if encoding is not None:
        return (*codec_of(head, encoding), encoding.name)
    zeros = next((codec for begin, codec in _ZEROS if head.startswith(begin)), "")
    if zeros:
        return zeros, 0, ""
    declared = _DECLARED.match(head)
    if declared is None:
        return UTF_8.reads, 0, UTF_8.name
    found = find_encoding(declared[2].decode("latin-1"))
    if found.reads.startswith("utf"):
        found = UTF_8  # whoever could be read so far is not in UTF-16, as some senders write without being it
    return found.reads, 0, found.name


def xml_in_utf8(content: bytes, encoding: Encoding | None = None) -> bytes:
    """Give the document in UTF-8 without a mark; its declaration says so, and its lines and columns stay.

    Raises BrokenText for a wrong byte, UnknownEncoding.
    """
    codec, size, name = xml_codec(content[:DECLARATION_BYTES], encoding)
    text = decode_by(content, codec, size, name)
    declared = _DECLARED_TEXT.match(text)
    if declared is not None and declared[2].lower() != "utf-8":
        quote, end = declared[1], declared.end()
        said = f"{quote}UTF-8{quote}".ljust(len(declared[2]) + 2)
        text = text[: declared.start(1)] + said + text[end:]
    elif codec == UTF_8.reads:
        return content[size:] if size else content
    return text.encode()

"""The one door for text that comes in as bytes: byte order marks, declared encodings, and bytes that are none of them.

Others may use what is listed here. No other module decodes bytes that somebody else has written.
"""

from microflow_runtime.text.content_type import declared_encoding, shown_text
from microflow_runtime.text.decoding import decode, header_text, to_utf8
from microflow_runtime.text.encodings import UTF_8, BrokenText, Encoding, UnknownEncoding, find_encoding
from microflow_runtime.text.streams import TextSource, open_text, open_xml, text_encoder
from microflow_runtime.text.xml import xml_in_utf8

__all__ = [
    "UTF_8",
    "BrokenText",
    "Encoding",
    "TextSource",
    "UnknownEncoding",
    "declared_encoding",
    "decode",
    "find_encoding",
    "header_text",
    "open_text",
    "open_xml",
    "shown_text",
    "text_encoder",
    "to_utf8",
    "xml_in_utf8",
]

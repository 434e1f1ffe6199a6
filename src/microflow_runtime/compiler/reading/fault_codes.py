"""The codes of what can be wrong in a definition file before it is compiled, each with the title of its section in the errors reference."""

from typing import Final

NOT_YAML: Final = "MF-D001"
BAD_CHARACTERS: Final = "MF-D002"
TOO_LARGE: Final = "MF-D003"
DUPLICATE_KEY: Final = "MF-D004"
YAML_FEATURE: Final = "MF-D005"
AMBIGUOUS_NUMBER: Final = "MF-D006"
NOT_A_DEFINITION: Final = "MF-D007"
UNKNOWN_KEY: Final = "MF-D010"
MISSING_KEY: Final = "MF-D011"
WRONG_KIND: Final = "MF-D012"
BAD_NAME: Final = "MF-D013"
BAD_TYPE: Final = "MF-D014"
BAD_DURATION: Final = "MF-D015"
BAD_VALUE: Final = "MF-D016"
KEYS_DISAGREE: Final = "MF-D017"
BAD_TARGET: Final = "MF-D018"
NOT_A_FORMULA: Final = "MF-D019"
DECLARED_TWICE: Final = "MF-D020"
BAD_DEFAULT: Final = "MF-D021"
BAD_LIMIT: Final = "MF-D022"
NO_APP: Final = "MF-D030"
UNREADABLE: Final = "MF-D031"
STRAY_FILE: Final = "MF-D032"
MISSING_FILE: Final = "MF-D033"
LACKING_VARIABLE: Final = "MF-D034"
NOT_GRANTED: Final = "MF-D035"

TITLES: Final[dict[str, str]] = {
    NOT_YAML: "The file is not YAML",
    BAD_CHARACTERS: "The file holds characters that do not belong in text",
    TOO_LARGE: "The file is too large or nested too deep",
    DUPLICATE_KEY: "A key stands twice in one mapping",
    YAML_FEATURE: "A tag, an anchor or an alias",
    AMBIGUOUS_NUMBER: "A number that would not keep its form",
    NOT_A_DEFINITION: "The file is not one mapping",
    UNKNOWN_KEY: "Unknown key",
    MISSING_KEY: "A required key is missing",
    WRONG_KIND: "A value of the wrong kind",
    BAD_NAME: "A name that cannot be used",
    BAD_TYPE: "Not a type",
    BAD_DURATION: "Not a duration",
    BAD_VALUE: "A value that is not allowed",
    KEYS_DISAGREE: "Keys that do not go together",
    BAD_TARGET: "Not the target of a mapping",
    NOT_A_FORMULA: "A formula is expected",
    DECLARED_TWICE: "Declared twice",
    BAD_DEFAULT: "The default does not fit the type",
    BAD_LIMIT: "A limit that does not fit the type",
    NO_APP: "The folder is not an app",
    UNREADABLE: "A file cannot be read",
    STRAY_FILE: "A file in the wrong place",
    MISSING_FILE: "A file that is named is missing",
    LACKING_VARIABLE: "A variable that an environment lacks",
    NOT_GRANTED: "A package asks for what has not been granted",
}

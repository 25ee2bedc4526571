"""The text of an API key, `lr_{id}_{secret}`: hexadecimal, so that a double click takes all of it."""

import hashlib
import re
import secrets

ID_BYTES = 8
SECRET_BYTES = 32
SHAPE = f"lr_, {2 * ID_BYTES} hexadecimal digits, _ and {2 * SECRET_BYTES} more"
FORM = re.compile(rf"lr_([0-9a-f]{{{2 * ID_BYTES}}})_[0-9a-f]{{{2 * SECRET_BYTES}}}")


def draw() -> tuple[str, str]:
    """The id and the text of a new key."""
    key_id = secrets.token_hex(ID_BYTES)
    return key_id, f"lr_{key_id}_{secrets.token_hex(SECRET_BYTES)}"


def id_in(text: str) -> str | None:
    """The id of the key whose text this could be; None where it cannot be one."""
    found = FORM.fullmatch(text)
    return found[1] if found else None


def digest(text: str) -> str:
    """What is kept of a text. The secret is long and random, so one round of SHA-256 leaves nothing to guess."""
    return hashlib.sha256(text.encode()).hexdigest()

"""Signatures: the published vectors of Standard Webhooks and Svix, and what no receiver may be made to believe."""

from datetime import UTC, datetime

import pytest

from latentrelay.webhooks import VerificationError, verify
from latentrelay.webhooks.signing import draw_private_key, draw_secret, headers, public_key, sign

ID, TIMESTAMP, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PRIVATE = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
V1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
V1A = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
THEN = datetime.fromtimestamp(TIMESTAMP, UTC)


def sent(*keys: str, body: bytes = BODY) -> dict[str, str]:
    return headers(keys, ID, TIMESTAMP, body)


def test_v1_is_what_the_published_vector_says() -> None:
    assert sign(SECRET, ID, TIMESTAMP, BODY) == V1


def test_v1a_is_what_the_published_vector_says() -> None:
    assert sign(PRIVATE, ID, TIMESTAMP, BODY) == V1A


def test_what_was_signed_verifies_and_tells_its_id() -> None:
    assert verify(BODY, sent(SECRET), SECRET, now=THEN) == ID
    assert verify(BODY.decode(), sent(SECRET), SECRET, now=THEN) == ID
    assert verify(BODY, sent(PRIVATE), public_key(PRIVATE), now=THEN) == ID


def test_headers_may_come_in_any_case() -> None:
    told = {name.title(): value for name, value in sent(SECRET).items()}
    assert verify(BODY, told, SECRET, now=THEN) == ID


def test_one_key_of_several_is_enough_on_either_side() -> None:
    old, new = draw_secret(), draw_secret()
    assert verify(BODY, sent(new, old), old, now=THEN) == ID
    assert verify(BODY, sent(old), [new, old], now=THEN) == ID


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        (BODY + b" ", {}),
        (BODY, {"webhook-id": ID + "x"}),
        (BODY, {"webhook-timestamp": str(TIMESTAMP + 1)}),
        (BODY, {"webhook-signature": "v1," + "A" * 43 + "="}),
        (BODY, {"webhook-signature": V1.replace("v1,", "v1a,")}),
        (BODY, {"webhook-signature": V1.replace("v1,", "v2,")}),
        (BODY, {"webhook-signature": "v1,ü"}),
        (BODY, {"webhook-signature": ""}),
        (BODY, {"webhook-timestamp": "yesterday"}),
        (BODY, {"webhook-timestamp": "9" * 400}),
        (BODY, {"webhook-timestamp": "9" * 5000}),
        (BODY, {"webhook-timestamp": "١٦١٤٢٦٥٣٣٠"}),
    ],
)
def test_what_was_changed_on_the_way_does_not_verify(body: bytes, changed: dict[str, str]) -> None:
    with pytest.raises(VerificationError):
        verify(body, sent(SECRET) | changed, SECRET, now=THEN)


def test_a_v1_secret_verifies_no_v1a_and_the_other_way_round() -> None:
    with pytest.raises(VerificationError):
        verify(BODY, sent(PRIVATE), SECRET, now=THEN)
    with pytest.raises(VerificationError):
        verify(BODY, sent(SECRET), public_key(PRIVATE), now=THEN)


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_refused(missing: str) -> None:
    told = {name: value for name, value in sent(SECRET).items() if name != missing}
    with pytest.raises(VerificationError, match="missing"):
        verify(BODY, told, SECRET, now=THEN)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_what_is_old_or_from_the_future_is_refused(seconds: int) -> None:
    with pytest.raises(VerificationError, match="too old"):
        verify(BODY, sent(SECRET), SECRET, now=datetime.fromtimestamp(TIMESTAMP + seconds, UTC))
    assert verify(BODY, sent(SECRET), SECRET, tolerance=400, now=datetime.fromtimestamp(TIMESTAMP + seconds, UTC))


@pytest.mark.parametrize("key", ["whsec_", "whsec_AAAA", "not base64!", "whpk_AAAA", ""])
def test_a_key_that_is_none_is_told_as_such(key: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        verify(BODY, sent(SECRET, PRIVATE), key, now=THEN)


def test_every_drawn_key_is_another() -> None:
    assert len({draw_secret() for _ in range(100)} | {draw_private_key() for _ in range(100)}) == 200

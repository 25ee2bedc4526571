"""Secrets at rest, and which keys sign when."""

import pytest
from pydantic import SecretStr

from latentrelay.errors import StackUnavailable
from latentrelay.settings import Settings
from latentrelay.webhooks.sealing import Seal, Unsealable
from latentrelay.webhooks.secret_keys import SealedKey, dump, live, load, rotated, signing_keys, tenant_secrets

KEY, OTHER = "k" * 32, "o" * 32


def of(told: str | None) -> Seal:
    return Seal.of(Settings(webhook_key=SecretStr(told) if told is not None else None))


def test_what_was_sealed_opens_and_shows_nothing_of_itself() -> None:
    sealed = Seal([KEY]).seal("whsec_secret", "ep_1")
    assert "secret" not in sealed
    assert Seal([KEY]).unseal(sealed, "ep_1") == "whsec_secret"


def test_the_same_secret_never_looks_the_same() -> None:
    assert Seal([KEY]).seal("s", "ep_1") != Seal([KEY]).seal("s", "ep_1")


def test_a_secret_opens_for_its_own_endpoint_alone() -> None:
    with pytest.raises(Unsealable):
        Seal([KEY]).unseal(Seal([KEY]).seal("s", "ep_1"), "ep_2")


def test_another_key_opens_nothing() -> None:
    for damaged in ("", "AAAA", "no base64"):
        with pytest.raises(Unsealable):
            Seal([KEY]).unseal(damaged, "ep_1")
    with pytest.raises(Unsealable):
        Seal([OTHER]).unseal(Seal([KEY]).seal("s", "ep_1"), "ep_1")


def test_an_old_key_goes_on_to_open_behind_a_new_one() -> None:
    sealed = of(KEY).seal("s", "ep_1")
    assert of(f"{OTHER}, {KEY}").unseal(sealed, "ep_1") == "s"
    assert of(OTHER).unseal(of(f"{OTHER},{KEY}").seal("s", "ep_1"), "ep_1") == "s"


@pytest.mark.parametrize(("told", "why"), [(None, "is not set"), ("", "is not set"), ("short", "32 characters")])
def test_without_a_key_that_is_one_nothing_is_sealed(told: str | None, why: str) -> None:
    with pytest.raises(StackUnavailable, match=why):
        of(told)


def test_old_keys_sign_beside_new_ones_for_a_while_and_no_longer() -> None:
    kept = rotated((SealedKey("old"),), (SealedKey("new"),), now_ms=1000, overlap_ms=500)
    assert [key.sealed for key in live(kept, 1499)] == ["new", "old"]
    assert [key.sealed for key in live(kept, 1500)] == ["new"]


def test_a_second_rotation_prolongs_nobody() -> None:
    once = rotated((SealedKey("a"),), (SealedKey("b"),), now_ms=0, overlap_ms=1000)
    twice = rotated(once, (SealedKey("c"),), now_ms=900, overlap_ms=1000)
    assert [key.sealed for key in live(twice, 950)] == ["c", "b", "a"]
    assert [key.sealed for key in live(twice, 1000)] == ["c", "b"]


def test_so_many_keys_sign_at_once_and_no_more() -> None:
    kept = (SealedKey("0"),)
    for number in range(1, 50):
        kept = rotated(kept, (SealedKey(f"{number}"),), now_ms=number, overlap_ms=1000)
    assert [key.sealed for key in kept] == [f"{number}" for number in range(49, 39, -1)]


def test_a_rotation_without_overlap_ends_the_old_secret_at_once() -> None:
    assert [key.sealed for key in rotated((SealedKey("a"),), (SealedKey("b"),), now_ms=5, overlap_ms=0)] == ["b"]


def test_keys_read_back_as_they_were_written() -> None:
    keys = (SealedKey("a"), SealedKey("b", 17))
    assert load(dump(keys)) == keys


def test_every_tenant_has_a_secret_of_its_own_where_none_was_registered() -> None:
    seal = of(f"{OTHER},{KEY}")
    assert tenant_secrets(seal, "a") == signing_keys("", seal, endpoint="url_1", tenant="a", now_ms=0)
    assert len({*tenant_secrets(seal, "a"), *tenant_secrets(seal, "b")}) == 4
    assert tenant_secrets(seal, "a")[1:] == tenant_secrets(of(KEY), "a")

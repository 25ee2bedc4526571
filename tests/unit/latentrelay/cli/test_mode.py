"""Options that were typed and would be without effect."""

import pytest

from latentrelay import InvalidRequest, RefineMode
from latentrelay.cli.mode import UNREAD, check_given
from latentrelay.contracts import Refine, parse_request

OTHERS = {
    "switch_at": 0.5,
    "strength": 0.5,
    "num_inference_steps": 20,
    "guidance_scale": 1.0,
    "negative_prompt": "x",
    "aesthetic_score": 1.0,
    "negative_aesthetic_score": 1.0,
}


@pytest.mark.parametrize("mode", list(RefineMode))
@pytest.mark.parametrize("name", list(OTHERS))
def test_what_a_mode_does_not_read_is_what_its_contract_refuses(mode, name):
    try:
        parse_request({"kind": "text_to_image", "prompt": "p", "refine": {"mode": mode, name: OTHERS[name]}})
    except InvalidRequest:
        assert name in UNREAD[mode]
    else:
        assert name not in UNREAD[mode]
    assert set(OTHERS) == set(Refine.model_fields) - {"mode"}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"refine": {"strength": 0.3}}, "refine.strength: has no effect with mode ensemble"),
        ({"refine": {"mode": "img2img", "switch_at": 0.8}}, "refine.switch_at: has no effect with mode img2img"),
        ({"refine": {"mode": "none", "aesthetic_score": 6}}, "refine.aesthetic_score: has no effect with mode none"),
        ({"image": {"url": "u"}, "refine": {"switch_at": 0.8}}, "refine.switch_at: has no effect with mode img2img"),
    ],
)
def test_a_typed_default_of_another_mode_is_refused_by_its_name(data, told):
    with pytest.raises(InvalidRequest) as refused:
        check_given({"prompt": "p"} | data)
    assert str(refused.value) == told


@pytest.mark.parametrize(
    "data",
    [
        {"refine": {"switch_at": 0.8}},
        {"refine": {"mode": "img2img", "strength": 0.3}},
        {"refine": {"mode": "both", "strength": 0.3}},
        {"image": {"url": "u"}, "refine": {"strength": 0.3}},
        {"latents": {"job_id": "a"}, "refine": {"strength": 0.3}},
        {"latents": {"job_id": "a"}, "refine": {"switch_at": 0.8}},
        {"prompt": ""},
        {"prompt": None},
    ],
)
def test_what_the_mode_reads_or_only_the_latents_or_the_contract_can_tell_is_let_through(data):
    check_given(data)


def test_a_refinement_of_latents_may_name_its_mode():
    with pytest.raises(InvalidRequest, match=r"refine\.strength: has no effect with mode ensemble"):
        check_given({"latents": {"job_id": "a"}, "refine": {"mode": "ensemble", "strength": 0.3}})
    check_given({"latents": {"job_id": "a"}, "refine": {"mode": "ensemble", "switch_at": 0.8}})

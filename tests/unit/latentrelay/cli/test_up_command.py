import pytest

from latentrelay import StageName
from latentrelay.cli.problems import USAGE, Ended
from latentrelay.cli.up import read_counts


def test_workers_are_counted_by_stage():
    assert read_counts(["sdxl_base=2", "unclip_variation=0"]) == {
        StageName.SDXL_BASE: 2,
        StageName.UNCLIP_VARIATION: 0,
    }
    assert read_counts([]) == {}


@pytest.mark.parametrize("word", ["sdxl_base", "sdxl_base=", "sdxl_base=-1", "sdxl_base=x", "sdxl_base=65", "base=1"])
def test_a_count_that_is_none_is_refused_with_its_range(word):
    with pytest.raises(Ended, match="--workers: must be STAGE=N, N from 0 to 64, STAGE one of sdxl_base") as told:
        read_counts([word])
    assert told.value.code == USAGE

"""Those who pause stages, drain them and open them again, whenever they like."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from latentrelay.contracts import StageName, StageState
from latentrelay.jobs import Backlog, Stages
from tests.stateful.model import MAX_WAITING, STAGES, Model

STATES = st.sampled_from([StageState.OPEN, StageState.OPEN, StageState.PAUSED, StageState.DRAINING])


class Operators(Model):
    """What a stage was told last is what it does."""

    @rule(stage=STAGES, state=STATES)
    def stand(self, stage: StageName, state: StageState) -> None:
        stages = Stages(self.redis, MAX_WAITING)
        assert stages.stand(stage, state) is self.states[stage]
        self.states[stage], self.now = state, self._look()
        since = stages.standings()[stage].since
        assert self._changes_nothing(lambda: stages.stand(stage, state)) is state
        assert {stage: told.state for stage, told in stages.standings().items()} == self.states
        assert stages.standings()[stage].since == since
        if state is StageState.PAUSED:
            assert Backlog(self.redis).runnable(stage, MAX_WAITING) == 0

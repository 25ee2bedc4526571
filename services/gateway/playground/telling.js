// How far a run has come, in words and parts. Pure.
import { word } from "../kit/words.js";

/** The stages that the drawing at `index` of a run goes through: {stage, name, state, words, part} of each. */
export function legs(mode, index, drawing) {
  const stages = mode.kinds.length === 1 ? mode.stages : [mode.stages[index]];
  const now = stages.indexOf(drawing.at.stage ?? stages[0]);
  return stages.map((stage, at) => ({ stage, name: word(stage), ...leg(drawing, at - now, stage) }));
}

/** `from` is how far a stage is from the one at work: before 0 it is done. */
function leg(drawing, from, stage) {
  if (from < 0 || drawing.at.status === "succeeded") return { state: "succeeded", words: "done", part: 1 };
  if (from > 0) return { state: "queued", words: "", part: 0 };
  if (drawing.at.waits) return { state: "queued", words: waiting(drawing.queue), part: 0 };
  return working(drawing.progress?.stage === stage ? drawing.progress : {});
}

function working({ step, steps }) {
  if (!steps) return { state: "running", words: "begins", part: 0 };
  return { state: "running", words: `step ${step} of ${steps}`, part: step / steps };
}

function waiting(place) {
  if (!place) return "waits";
  const begins = place.eta_seconds === null ? "" : `, begins in ${seconds(place.eta_seconds)}`;
  return place.position === 0 ? `next${begins}` : `${place.position} ahead${begins}`;
}

/** The state of a run in a few words, which change seldom. */
export function headline(run) {
  if (run.isOver) return ended(run);
  if (!run.hasBegun) return run.source ? "Sending the picture" : "Asking";
  const working = run.drawings.filter(({ at }) => at.status === "running" && !at.waits).map(({ at }) => word(at.stage));
  const stages = [...new Set(working)];
  if (stages.length) return `${stages.join(" and ")} at work`;
  return run.drawings.some(({ at }) => at.waits) ? "Waiting for a worker" : "Fetching what was drawn";
}

function ended(run) {
  const count = run.pictures.length;
  if (run.problems.length) return "This did not work";
  if (run.drawings.every(({ at }) => at.status === "canceled")) return "Canceled";
  return count === 1 ? "One picture" : `${count} pictures`;
}

/** When all of a run is expected to be done; "" where nobody can tell. `now` in milliseconds since 1970. */
export function expected(run, now) {
  const ends = run.drawings.map((drawing) => drawing.endsAt);
  if (run.isOver || !ends.length || ends.includes(null)) return "";
  const left = (Math.max(...ends) - now) / 1000;
  return left < 1 ? "any moment now" : `about ${seconds(left)} left`;
}

/** A time to wait, as people say it. */
export function seconds(count) {
  if (count < 90) return `${Math.max(1, Math.round(count))} s`;
  return `${Math.round(count / 60)} min`;
}

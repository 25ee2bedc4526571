// What can be done about a job: cancel it while it goes on, refine it again when it has ended well.
import { send, submit } from "../../kit/api.js";
import { element, withFocus } from "../../kit/dom.js";
import { notice } from "../../kit/notices.js";
import { actionButton } from "../action.js";
import { short } from "../format.js";
import { isEnd } from "../job_row.js";
import { refinementAsked } from "./refining.js";

/**
 * The buttons of the job `id`: `show(job)` shows those that apply. `changed()` is called when one did something;
 * `index()` tells which of its images is looked at.
 */
export function actions(id, { changed, index }) {
  const state = { job: null };
  const cancel = actionButton({ label: "Cancel the job", scope: "submit", danger: true, question: cancelQuestion,
    act: async () => {
      await send("POST", `/v1/jobs/${id}/cancel`);
      notice("Canceled: a worker that has it stops within a step.");
      changed();
    } });
  const refine = actionButton({ label: "Refine again …", scope: "submit", act: () => refineAgain(state.job, index()) });
  const show = (job) => {
    state.job = job;
    node.hidden = false;
    withFocus(node, () => {
      cancel.hidden = isEnd(job.status) || job.cancel_requested;
      refine.hidden = job.status !== "succeeded";
    });
    [cancel, refine].forEach((button) => button.check());
  };
  const node = element("div", { class: "row", hidden: true }, cancel, refine); // until the job is known
  return { node, show };
}

function cancelQuestion() {
  const words = "What it has made so far is removed.";
  return { title: "Cancel this job?", words, action: "Cancel the job", danger: true };
}

async function refineAgain(job, index) {
  const request = await refinementAsked(job, index);
  if (!request) return;
  const made = await submit(request);
  notice(`Queued, as job ${short(made.id)}.`);
  location.hash = `#/jobs/${made.id}`;
}

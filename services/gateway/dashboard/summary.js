// The strip at the top: how much there is of everything, at a glance.
import { attribute, element, keyed, text } from "../kit/dom.js";
import { number } from "./format.js";

/** The figures of an overview, each with the words under it and whether it wants attention. Pure. */
export function figures({ jobs, finished, webhooks, dead_letters: dead }) {
  const minutes = Math.round(finished.window_seconds / 60);
  return [
    { name: "Waiting", value: jobs.queued },
    { name: "Running", value: jobs.running },
    { name: `Succeeded, ${minutes} min`, value: finished.succeeded },
    { name: `Failed, ${minutes} min`, value: finished.failed, alarm: finished.failed > 0 },
    { name: `Canceled or expired, ${minutes} min`, value: finished.canceled + finished.expired },
    { name: "Webhooks waiting", value: webhooks.outbox + webhooks.pending + webhooks.in_flight },
    { name: "Dead letters", value: dead, alarm: dead > 0 },
  ];
}

/** Fills `place` with the figures of each overview that it is given. */
export function summary(place) {
  const list = element("dl", { class: "figures" });
  place.append(list);
  return (overview) => keyed(list, figures(overview), (figure) => figure.name.split(",")[0], made);
}

function made() {
  const [name, value] = [element("dt"), element("dd")];
  const update = (figure) => {
    text(name, figure.name);
    text(value, `${number(figure.value)}${figure.alarm ? " !" : ""}`);
    attribute(value, "data-alarm", figure.alarm ? "" : null);
  };
  return { node: element("div", {}, name, value), update };
}

// The first page: everything at a glance, kept up to date by one overview every few seconds and the stream of events.
import { getJson } from "../kit/api.js";
import { learn } from "./caller.js";
import { deadLetters } from "./dead_letters.js";
import { failures } from "./failures.js";
import { Jobs } from "./jobs.js";
import { Polling } from "./polling.js";
import { stages } from "./stages.js";
import { summary } from "./summary.js";
import { webhooks } from "./webhooks.js";
import { workers } from "./workers.js";

const SECONDS = 5;

/** Show the page in `main`, fed by `feed`; how asking went is told to `connection`. What ends it is given back. */
export function overviewPage(main, feed, connection) {
  main.replaceChildren(document.getElementById("overview").content.cloneNode(true));
  const at = (name) => main.querySelector(`.${name}`);
  const heard = (source) => (problem) => connection.heard(source, problem);
  const jobs = new Jobs(at("jobs"), heard("jobs"));
  const [letters, crew] = [deadLetters(at("letters"), heard("letters")), workers(at("workers"))];
  const shows = [
    summary(at("summary")),
    stages(at("stages"), () => polling.now()),
    failures(at("failures")),
    webhooks(at("webhooks")),
    letters.overview,
  ];
  const polling = new Polling(SECONDS, () => refresh(shows, crew), heard("overview"));
  const over = listen(feed, { jobs, crew, polling });
  return () => {
    for (const one of [polling, jobs, letters]) one.stop();
    over.abort();
    for (const source of ["jobs", "letters"]) heard(source)(null);
  };
}

function listen(feed, { jobs, crew, polling }) {
  const over = new AbortController();
  const on = (name, hear) => feed.addEventListener(name, ({ detail }) => hear(detail), { signal: over.signal });
  on("news", (events) => jobs.news(events));
  on("news", (events) => crew.news(events));
  on("reset", () => jobs.polling.now());
  on("live", () => [polling, jobs.polling].forEach((one) => one.now()));
  return over;
}

async function refresh(shows, crew) {
  await learn();
  const [overview, { data }] = await Promise.all([getJson("/v1/overview"), getJson("/v1/workers")]);
  shows.forEach((show) => show(overview));
  crew.show(data);
}

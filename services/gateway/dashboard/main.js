// The dashboard: which page the address names, one stream of events for all of them, and whether it is live.
import "../kit/tools.js";
import { Connection } from "./connection.js";
import { Feed } from "./feed.js";
import { jobPage } from "./job/page.js";
import { overviewPage } from "./overview.js";

const main = document.querySelector("main");
const connection = new Connection(document.getElementById("connection"), document.body);
const feed = new Feed();
const CUT_OFF = { status: 0, message: "The stream was cut off." };
let leave = () => {};

/** The page that a hash names: `#/jobs/{id}`, or the overview. */
function show({ isFirst = false } = {}) {
  leave();
  const job = /^#\/jobs\/([\w-]+)$/.exec(location.hash);
  leave = job ? jobPage(main, job[1], feed, connection) : overviewPage(main, feed, connection);
  document.title = `${job ? `Job ${job[1].slice(0, 8)}` : "Operations"} · Latent Relay`;
  if (!isFirst) (scrollTo(0, 0), main.focus());
}

feed.addEventListener("live", () => connection.heard("stream", null));
feed.addEventListener("waiting", ({ detail }) => connection.heard("stream", detail ?? CUT_OFF));
addEventListener("hashchange", show);
feed.start();
show({ isFirst: true });

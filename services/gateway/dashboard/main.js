// The dashboard: which page the address names, one stream of events for all of them, and whether it is live.
import { api } from "../kit/api.js";
import { session } from "../kit/session.js";
import "../kit/tools.js";
import { Connection } from "./connection.js";
import { Feed } from "./feed.js";
import { setClock } from "./format.js";
import { jobPage } from "./job/page.js";
import { overviewPage } from "./overview.js";

const main = document.querySelector("main");
const connection = new Connection(...["connection", "why"].map((id) => document.getElementById(id)), document.body);
const feed = new Feed();
const CUT_OFF = { status: 0, message: "The stream was cut off." };
let leave = () => {};

/** The page that a hash names: `#/jobs/{id}`, or the overview. */
function show() {
  leave();
  const job = /^#\/jobs\/([\w-]+)$/.exec(location.hash);
  leave = job ? jobPage(main, job[1], feed, connection) : overviewPage(main, feed, connection);
  document.title = `${job ? `Job ${job[1].slice(0, 8)}` : "Operations"} · Latent Relay`;
}

function turn() {
  show();
  scrollTo(0, 0);
  main.focus();
}

api.addEventListener("clock", ({ detail }) => setClock(detail));
feed.addEventListener("live", () => connection.heard("stream", null));
feed.addEventListener("waiting", ({ detail }) => connection.heard("stream", detail ?? CUT_OFF));
addEventListener("hashchange", turn);
session.addEventListener("changed", show); // nothing stays that another key was told
feed.start();
show();

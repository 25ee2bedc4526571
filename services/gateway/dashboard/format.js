// Values as people read them. Ages are told by the gateway's clock, whatever this machine's says.
let ahead = 0; // milliseconds that the gateway's clock is ahead of ours

/** Learn the gateway's clock from a time that it told just now, in whole seconds; within one, ours is as good. */
export function setClock(at) {
  const told = Date.parse(at) + 500 - Date.now();
  if (Math.abs(told - ahead) > 1000) ahead = told;
}

/** Seconds from `at` until `to`, or until now. */
export function secondsSince(at, to = null) {
  return Math.max(0, ((to ? Date.parse(to) : Date.now() + ahead) - Date.parse(at)) / 1000);
}

/** A duration: `0.42 s`, `12 s`, `3 min 05 s`, `2 h 10 min`, `4 d 3 h`; `–` where nobody can tell. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 0.005) return "0 s";
  if (seconds < 10) return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return long(Math.round(seconds));
}

function long(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return hours < 48 ? `${hours} h ${two(minutes)} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** An age in whole steps, so that it does not flicker. */
export function age(seconds) {
  return seconds < 10 ? `${Math.floor(seconds)} s` : duration(seconds);
}

/** A number with a thin space between thousands; `–` where there is none. */
export function number(value) {
  return value === null || value === undefined ? "–" : value.toLocaleString("en").replaceAll(",", "\u202f");
}

/** Bytes as MiB, or as GiB from there on. */
export function bytes(value) {
  if (value === null || value === undefined) return "–";
  const mega = value / 2 ** 20;
  return mega < 1024 ? `${Math.round(mega)} MiB` : `${(mega / 1024).toFixed(1)} GiB`;
}

/** A moment on this reader's clock. */
export function clock(at) {
  return at ? new Date(at).toLocaleTimeString("en-GB") : "–";
}

/** A moment with its date. */
export function moment(at) {
  return at ? new Date(at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" }) : "–";
}

/** The beginning of an id, enough to tell jobs apart at a glance. */
export function short(id) {
  return id.slice(0, 8);
}

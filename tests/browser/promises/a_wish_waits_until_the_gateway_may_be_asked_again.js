const { Polling } = await part("dashboard/polling.js");
const { Problem } = await part("kit/api.js");
const [waits, flaws, heard] = [[], [], []];
window.setTimeout = (_, milliseconds) => waits.push(milliseconds);
window.reportError = (flaw) => flaws.push(flaw.message);
const told = (ask) => new Promise((resume) => {
  const polling = new Polling(1, ask, (problem) => (heard.push(problem?.status ?? null), resume(polling)));
});
const polling = await told(async () => {
  throw new Problem(429, { detail: "too often" }, 100);
});
polling.soon(0);
expect(waits.length === 2 && waits.every((wait) => wait > 99_000), `neither by itself nor for a wish: ${waits}`);
await told(async () => {
  throw new Error("ours");
});
expect(flaws.join() === "ours" && heard.join() === "429,", "a flaw of the page's own is no problem of the gateway's");

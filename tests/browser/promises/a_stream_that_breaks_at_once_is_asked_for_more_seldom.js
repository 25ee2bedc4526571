const { follow } = await part("kit/stream.js");
const [waits, flaws, over] = [[], [], new AbortController()];
window.reportError = (flaw) => flaws.push(flaw.message);
window.fetch = async () => new Response("id: 1\nevent: some\ndata: {}\n\n");
AbortSignal.timeout = (milliseconds) => {
  if (waits.push(milliseconds) === 5) over.abort();
  return AbortSignal.abort(); // it is over at once
};
const onEvent = () => {
  throw new Error("ours");
};
await follow("v1/events", { onEvent, signal: over.signal });
expect(waits[4] > 8 * waits[0], `each wait is longer: ${waits}`);
expect(flaws.length === 5, "a flaw of the page's own is reported, and takes no connection away");

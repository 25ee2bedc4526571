const { follow } = await part("kit/stream.js");
const [states, connections, over] = [[], [], new AbortController()];
const show = (hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
};
window.fetch = async (_, { signal }) => {
  connections.push(signal);
  const silent = new ReadableStream({ start: (stream) => signal.addEventListener("abort", () => stream.error(signal.reason)) });
  return new Response(silent);
};
follow("v1/events", { signal: over.signal, onEvent() {}, onState: (state) => states.push(state) });
await until(() => states.length === 1);
show(true);
expect(connections[0].aborted, "the connection is let go of");
await new Promise((resume) => setTimeout(resume));
expect(connections.length === 1, "no other is made while hidden");
show(false);
await until(() => states.length === 2);
over.abort();
expect(states.join() === "live,live" && connections.length === 2, "it goes on when shown, and nobody is told of a failure");

const { Drawing } = await part("playground/drawing.js");
const image = { index: 0, role: "final", seed: 1, ready: true, href: "v1/jobs/a/images/0", sha256: "b" };
const job = { id: "a", href: "v1/jobs/a", sequence: 1, status: "succeeded", stage: "sdxl_base", queue: null, eta_seconds: null,
  error: null, images: [image], request: {} };
let asked = 0;
window.fetch = async ({ pathname }) => {
  if (pathname.endsWith("/events")) return new Response(null, { status: 204 });
  if (!pathname.includes("/images/")) return Response.json(job);
  if (asked++) return new Response(new Blob(["picture"]));
  return Response.json({ code: "rate_limited", detail: "too often" }, { status: 429, headers: { "Retry-After": "7" } });
};
const [later, waits] = [window.setTimeout, []];
window.setTimeout = (work, milliseconds) => (waits.push(milliseconds), later(work));
const drawing = new Drawing({});
await drawing.draw();
expect(drawing.problem === null && drawing.of("final").length === 1, "the picture is there");
expect(waits.includes(7000), `it waited as long as it was told: ${waits}`);

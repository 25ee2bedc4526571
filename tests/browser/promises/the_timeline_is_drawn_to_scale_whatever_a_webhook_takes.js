const { scaled } = await part("dashboard/job/timeline.js");
const span = (name, from, to) => ({ name, started_at: `2026-01-${from}Z`, ended_at: `2026-01-${to}Z`, phases: [] });
const spans = [
  span("queued", "01T00:00:00", "01T00:00:06"),
  span("base", "01T00:00:06", "01T00:00:08"),
  span("webhook", "01T00:00:08", "03T00:00:00"),
];
const drawn = scaled(spans, "2026-01-01T00:00:00Z").spans.map(({ left, width }) => [left, width]);
expect(`${drawn.slice(0, 2)}` === "0,75,75,25", `the job's own time is the whole width: ${drawn}`);

const { submit } = await part("kit/api.js");
const keys = [];
window.fetch = async (_, { headers }) => {
  if (keys.push(headers["Idempotency-Key"]) === 1) throw new TypeError("network");
  return Response.json({ id: "a" });
};
expect((await submit({})).id === "a", "the job is told");
await submit({});
expect(keys[0] && keys[0] === keys[1], "it is the same submission");
expect(keys[1] !== keys[2], "the next one is another");

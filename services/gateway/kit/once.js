// What is asked for once, whoever wants it meanwhile.

/** What `ask()` brings for `name`, out of the map `asked` or else into it; what failed may be asked for again. */
export function once(asked, name, ask) {
  const again = (problem) => {
    asked.delete(name);
    throw problem;
  };
  if (!asked.has(name)) asked.set(name, ask().catch(again));
  return asked.get(name);
}

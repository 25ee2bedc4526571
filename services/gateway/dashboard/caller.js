// What this reader may do, so that a button can say beforehand why it would be refused.
import { getJson } from "../kit/api.js";
import { key, session } from "../kit/session.js";

const caller = { scopes: null };

/** Learn the scopes of the key, once, and again when there is another. */
export async function learn() {
  const asked = key();
  if (caller.scopes) return;
  const told = await getJson("/v1/capabilities");
  if (asked === key()) caller.scopes = told.caller.scopes;
}

session.addEventListener("changed", () => (caller.scopes = null));

/** Why this reader may not do what needs `scope`; null where they may, or nobody knows yet. */
export function refusal(scope) {
  const { scopes } = caller;
  if (scopes === null || scopes.includes(scope) || scopes.includes("admin")) return null;
  return `This API key has not the scope ${scope}. One that has: latentrelay keys create NAME --scope ${scope}`;
}

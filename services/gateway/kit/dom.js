// Elements made of values. Whatever is put in is text: other people's words never become markup.

/** An element with attributes (null: left out), listeners (`onclick` ...) and children (nodes or text). */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(made, name, value);
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

function set(made, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
  else made.setAttribute(name, value === true ? "" : value);
}

/** Set an attribute, or take it away where `value` is null; nothing is touched that is so already. */
export function attribute(node, name, value) {
  if (value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/** Put `value` in as text, unless it is there: a selection stays, and nothing is announced again. */
export function text(node, value) {
  if (node.textContent !== String(value)) node.textContent = value;
}

/**
 * Make the children of `parent` those of `items`, in their order.
 *
 * `make(item)` gives {node, update}; what was made for a key is kept and updated.
 */
export function keyed(parent, items, keyOf, make) {
  const before = parent.keyed ?? new Map();
  const now = new Map(items.map((item) => [keyOf(item), before.get(keyOf(item)) ?? make(item)]));
  parent.keyed = now;
  withFocus(parent, () => {
    for (const [id, part] of before) if (!now.has(id)) part.node.remove();
    items.forEach((item) => now.get(keyOf(item)).update(item));
    inOrder(parent, [...now.values()].map((part) => part.node));
  });
}

/** Do `change()` to what is in `place`; where that takes the focus away, it goes to what stands there now. */
export function withFocus(place, change) {
  const focused = document.activeElement;
  if (!place.contains(focused)) return void change();
  const at = reachable(place).indexOf(focused);
  change();
  if (document.activeElement === focused && focused.checkVisibility()) return;
  const now = reachable(place);
  const next = now.includes(focused) ? focused : (now[Math.min(at, now.length - 1)] ?? document.querySelector("main"));
  next.focus({ preventScroll: true });
}

function reachable(place) {
  return [...place.querySelectorAll("a, button, input, select, textarea, summary")].filter((one) => one.checkVisibility());
}

function inOrder(parent, nodes) {
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
}

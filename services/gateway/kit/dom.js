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
 * `make(item)` gives {node, update}; what was made for a key is kept and updated, so that focus stays where it is.
 */
export function keyed(parent, items, keyOf, make) {
  const before = parent.keyed ?? new Map();
  const now = new Map(items.map((item) => [keyOf(item), before.get(keyOf(item)) ?? make(item)]));
  for (const [id, part] of before) if (!now.has(id)) part.node.remove();
  parent.keyed = now;
  items.forEach((item) => now.get(keyOf(item)).update(item));
  inOrder(parent, [...now.values()].map((part) => part.node));
}

function inOrder(parent, nodes) {
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
}

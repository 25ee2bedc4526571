// What a reader with a keyboard, a screen reader or tired eyes would stumble over on this page: a list of sentences.
const flaws = [];
const shown = (node) => node.checkVisibility({ visibilityProperty: true });
const all = (css) => [...document.querySelectorAll(css)].filter(shown);
const named = (node) => node.getAttribute("aria-label") || node.labels?.length || node.textContent.trim() || node.title;

for (const node of all("a, button, input, select, textarea")) if (!named(node)) flaws.push(`no name: ${node.outerHTML}`);
for (const node of all("img, [role=img]")) if (!node.hasAttribute("alt") && !node.ariaLabel) flaws.push(`no alternative: ${node.outerHTML}`);
for (const node of all("section")) if (!node.ariaLabel && !document.getElementById(node.getAttribute("aria-labelledby"))) flaws.push(`no heading: ${node.className}`);
for (const node of all("table")) if (!node.querySelector("th[scope]")) flaws.push(`no headers: ${node.className}`);
for (const node of all("[style]")) if (!node.closest(".plot, compare-slider")) flaws.push(`a style attribute: ${node.outerHTML}`);
for (const name of ["main", "header", "nav"]) if (!document.querySelector(name)) flaws.push(`no ${name}`);
if (document.querySelectorAll("h1").length !== 1) flaws.push("not one h1");

const levels = [...document.querySelectorAll("h1, h2, h3")].map((node) => Number(node.tagName[1]));
levels.forEach((level, at) => at && level > levels[at - 1] + 1 && flaws.push(`a heading is skipped before level ${level}`));
const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
if (new Set(ids).size < ids.length) flaws.push("an id twice");

const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
const pixel = (...colours) => {
  canvas.clearRect(0, 0, 1, 1);
  for (const colour of colours) (canvas.fillStyle = colour), canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const luminance = ([red, green, blue]) => [red, green, blue].map((value) => value / 255)
  .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
  .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
const behind = (node) => (node ? [...behind(node.parentElement), getComputedStyle(node).backgroundColor] : ["white"]);

/** WCAG 2.2, 1.4.3: 4.5 to 1. */
const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (words.nextNode()) {
  const node = words.currentNode.parentElement;
  if (!words.currentNode.data.trim() || !shown(node) || node.closest("option, noscript, script, .unseen, .skip")) continue;
  const [fore, back] = [pixel(...behind(node), getComputedStyle(node).color), pixel(...behind(node))].map(luminance);
  const contrast = (Math.max(fore, back) + 0.05) / (Math.min(fore, back) + 0.05);
  if (contrast < 4.5) flaws.push(`contrast ${contrast.toFixed(1)}: ${words.currentNode.data}`);
}
return flaws;

// What a reader with a keyboard, a screen reader, a phone or tired eyes would stumble over here: a list of sentences.
const flaws = [];
const shown = (node) => node.checkVisibility({ visibilityProperty: true });
const all = (css) => [...document.querySelectorAll(css)].filter(shown);
const named = (node) => node.getAttribute("aria-label") || node.labels?.length || node.textContent.trim();

const complain = (css, isFine, flaw) => {
  for (const node of all(css)) if (!isFine(node)) flaws.push(`${flaw}: ${node.outerHTML.slice(0, 200)}`);
};
complain("a, button, input, select, textarea", named, "no name");
complain("img, [role=img]", (node) => node.hasAttribute("alt") || node.ariaLabel, "no alternative");
complain("section", (node) => node.ariaLabel || document.getElementById(node.getAttribute("aria-labelledby")), "no heading");
complain("table", (node) => node.querySelector("th[scope]"), "no headers");
complain("[style]", (node) => node.closest(".plot, compare-slider"), "a style attribute");
for (const name of ["main", "header", "nav"]) if (!document.querySelector(name)) flaws.push(`no ${name}`);
if (document.querySelectorAll("h1").length !== 1) flaws.push("not one h1");

const scrolls = (node) => node !== document.body && (/auto|scroll/.test(getComputedStyle(node).overflowX) || scrolls(node.parentElement));
const fits = (node) => node.getBoundingClientRect().right <= innerWidth + 0.5 || node.matches(UNSEEN) || scrolls(node);
const UNSEEN = "option, noscript, script, .unseen, .skip, [hidden]";
complain("body *", fits, "beyond the right edge");
if (document.documentElement.scrollWidth > innerWidth) flaws.push("the page scrolls sideways");

const levels = [...document.querySelectorAll("h1, h2, h3")].map((node) => Number(node.tagName[1]));
if (levels.some((level, at) => at && level > levels[at - 1] + 1)) flaws.push("a level of headings is skipped");
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

// WCAG 2.2, 1.4.3: 4.5 to 1
const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (words.nextNode()) {
  const node = words.currentNode.parentElement;
  if (!words.currentNode.data.trim() || !shown(node) || node.closest(UNSEEN)) continue;
  const [fore, back] = [pixel(...behind(node), getComputedStyle(node).color), pixel(...behind(node))].map(luminance);
  const contrast = (Math.max(fore, back) + 0.05) / (Math.min(fore, back) + 0.05);
  if (contrast < 4.5) flaws.push(`contrast ${contrast.toFixed(1)}: ${words.currentNode.data}`);
}
return flaws;

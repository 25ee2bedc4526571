// A page of which a script did not come is loaded again, a few times: the network has changed, or the gateway starts.
const TRIED = "latentrelay-tried";
const MOST = 5;

addEventListener("error", ({ target }) => target.tagName === "SCRIPT" && again(), true);
addEventListener("load", ({ target }) => target.type === "module" && sessionStorage.removeItem(TRIED), true);

function again() {
  const tried = Number(sessionStorage.getItem(TRIED));
  if (tried === MOST) return document.querySelector("main").append("This page did not come whole. Load it again.");
  sessionStorage.setItem(TRIED, tried + 1);
  setTimeout(() => location.reload(), 500 * 2 ** tried);
}

// A page of which a script did not come is loaded again, a few times: the network has changed, or the gateway starts.
const TRIED = "latentrelay-tried";
const MOST = 5;
let isWhole = true;

addEventListener("error", ({ target }) => (isWhole &&= target.tagName !== "SCRIPT"), true);
addEventListener("load", () => (isWhole ? sessionStorage.removeItem(TRIED) : again())); // everything came, or did not

function again() {
  const tried = Number(sessionStorage.getItem(TRIED));
  if (tried === MOST) return document.querySelector("main").prepend("This page did not come whole. Load it again.");
  sessionStorage.setItem(TRIED, tried + 1);
  setTimeout(() => location.reload(), 500 * 2 ** tried);
}

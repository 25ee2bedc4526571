// <compare-slider before="base" after="refined">: two pictures, one over the other, and a line to drag between them.
//
// Its children are two images, slot="before" (shown left of the line) and slot="after" (right of it), best made by
// `compared`. `value` is where the line is, in percent from the left; it tells `input` when somebody moves it.

const STEP = 2; // percent a key
const LEAP = 10;

const SHEET = new CSSStyleSheet(); // a constructed sheet, as a strict Content-Security-Policy has it
SHEET.replaceSync(`
  :host { --at: 50%; display: block; position: relative; overflow: hidden; touch-action: pan-y pinch-zoom; cursor: ew-resize;
          user-select: none; -webkit-user-select: none; border-radius: inherit; }
  :host([hidden]) { display: none; }
  .pictures { display: grid; grid-template: minmax(0, 1fr) / minmax(0, 1fr); height: 100%; }
  ::slotted(img) { grid-area: 1 / 1; display: block; width: 100%; height: 100%; object-fit: contain;
                   pointer-events: none; }
  ::slotted([slot="after"]) { clip-path: inset(0 0 0 var(--at)); }
  .line { position: absolute; inset-block: 0; left: var(--at); width: 0; border-left: 2px solid #fff;
          margin-left: -1px; filter: drop-shadow(0 0 2px #000a); outline: none; }
  .grip { position: absolute; top: 50%; left: -1px; width: 44px; height: 44px; translate: -50% -50%;
          border-radius: 50%; background: #fff; color: #222; display: grid; place-items: center;
          font: 600 18px/1 system-ui, sans-serif; }
  .line:focus-visible .grip { outline: 3px solid var(--accent, #2b6cff); outline-offset: 2px; }
  .name { position: absolute; bottom: 10px; padding: 3px 10px; border-radius: 99px; background: #000a; color: #fff;
          font: 500 13px/1.4 system-ui, sans-serif; pointer-events: none; transition: opacity .15s; }
  .name.before { left: 10px; }
  .name.after { right: 10px; }
  .name.covered { opacity: 0; }
  @media (prefers-reduced-motion: reduce) { .name { transition: none; } }
`);

/** Where the line is after `key`; undefined where the key moves nothing. */
export function moved(value, key) {
  const to = {
    ArrowLeft: value - STEP,
    ArrowDown: value - STEP,
    ArrowRight: value + STEP,
    ArrowUp: value + STEP,
    PageDown: value - LEAP,
    PageUp: value + LEAP,
    Home: 0,
    End: 100,
  }[key];
  return to === undefined ? undefined : within(to);
}

/** A slider between two pictures, each `{url, name}`; `alt` says what both show. */
export function compared(before, after, alt = "") {
  const slider = document.createElement("compare-slider");
  for (const [slot, { url, name }] of Object.entries({ before, after })) {
    const image = Object.assign(new Image(), { src: url, alt: alt ? `${name}: ${alt}` : name, slot, draggable: false });
    image.addEventListener("load", () => (slider.style.aspectRatio ||= image.naturalWidth / image.naturalHeight), { once: true });
    slider.append(image);
    slider.setAttribute(slot, name);
  }
  return slider;
}

class CompareSlider extends HTMLElement {
  #value = 50;
  #line = part("div", "line");
  #names = { before: part("span", "name before"), after: part("span", "name after") };

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open", delegatesFocus: true });
    root.adoptedStyleSheets = [SHEET];
    root.append(this.#pictures(), ...Object.values(this.#names), this.#line);
    const grip = part("span", "grip");
    grip.textContent = "⇔";
    this.#line.append(grip);
    this.#listen();
  }

  connectedCallback() {
    const [before, after] = ["before", "after"].map((name) => this.getAttribute(name) ?? name);
    this.#names.before.textContent = before;
    this.#names.after.textContent = after;
    const fixed = { role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": 100 };
    const told = { ...fixed, "aria-orientation": "horizontal", "aria-label": `${before} on the left, ${after} on the right` };
    Object.entries(told).forEach(([name, value]) => this.#line.setAttribute(name, value));
    this.value = this.#value;
  }

  get value() {
    return this.#value;
  }

  set value(percent) {
    this.#value = within(percent);
    const left = Math.round(this.#value);
    this.style.setProperty("--at", `${this.#value}%`);
    this.#line.setAttribute("aria-valuenow", left);
    this.#line.setAttribute("aria-valuetext", `${left} % ${this.#names.before.textContent}`);
    this.#names.before.classList.toggle("covered", left < 15);
    this.#names.after.classList.toggle("covered", left > 85);
  }

  #pictures() {
    const pictures = part("div", "pictures");
    for (const name of ["before", "after"]) pictures.append(Object.assign(document.createElement("slot"), { name }));
    return pictures;
  }

  #listen() {
    this.#line.addEventListener("keydown", (event) => this.#press(event));
    this.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.setPointerCapture(event.pointerId);
      this.#line.focus({ preventScroll: true });
      this.#drag(event);
    });
    this.addEventListener("pointermove", (event) => this.hasPointerCapture(event.pointerId) && this.#drag(event));
  }

  #press(event) {
    const to = moved(this.#value, event.key);
    if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault(); // the page does not scroll, too
    this.#move(to);
  }

  #drag(event) {
    const { left, width } = this.getBoundingClientRect();
    this.#move(((event.clientX - left) / width) * 100);
  }

  #move(to) {
    this.value = to;
    this.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function within(percent) {
  return Math.min(100, Math.max(0, percent));
}

function part(tag, name) {
  return Object.assign(document.createElement(tag), { className: name });
}

customElements.define("compare-slider", CompareSlider);

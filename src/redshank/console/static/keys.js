// Keys: `g` and a letter goes to an area, j and k move in a list, Enter opens, x marks, / searches, ? shows all keys.
// A list is whatever has [data-row]; a page's own keys are elements with data-hotkey="b", which are clicked.
"use strict";

(() => {
  let before = "";
  let at = -1;

  const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);
  const typing = (target) =>
    target instanceof HTMLElement && (target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select") || target.isContentEditable);

  function move(step) {
    const all = rows();
    if (!all.length) return;
    const now = all.findIndex((row) => row.classList.contains("at"));
    at = Math.max(0, Math.min(all.length - 1, now < 0 ? (step > 0 ? 0 : all.length - 1) : now + step));
    all.forEach((row, place) => row.classList.toggle("at", place === at));
    all[at].scrollIntoView({ block: "nearest" });
    const link = all[at].querySelector("a[href]") || all[at].querySelector("input[type=checkbox]");
    if (link) link.focus({ preventScroll: true });
  }

  const current = () => document.querySelector("[data-row].at");

  const hotkeys = () => [...document.querySelectorAll("[data-hotkey]")].filter((one) => one.offsetParent !== null);

  function said(hot) {
    const copy = hot.cloneNode(true);
    copy.querySelectorAll("kbd").forEach((key) => key.remove());
    return copy.textContent.trim();
  }

  function showKeys() {
    const dialog = document.querySelector("[data-keys]");
    if (!dialog) return;
    const here = dialog.querySelector("[data-keys-here]");
    const lines = hotkeys().flatMap((hot) => {
      const [name, does, key] = ["dt", "dd", "kbd"].map((kind) => document.createElement(kind));
      key.textContent = hot.dataset.hotkey;
      name.append(key);
      does.textContent = said(hot);
      return [name, does];
    });
    here.hidden = !lines.length;
    here.querySelector("dl").replaceChildren(...lines);
    dialog.showModal();
  }

  const own = {
    j: () => move(1),
    k: () => move(-1),
    x: () => current()?.querySelector("input[type=checkbox]")?.click(),
    "/": () => document.querySelector("[data-search]")?.focus(),
    "?": showKeys,
    t: () => window.redshank?.turn(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && typing(event.target)) {
      event.target.blur();
      return;
    }
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const key = event.key;
    if (before === "g") {
      before = "";
      const link = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
      if (link) {
        event.preventDefault();
        link.click();
      }
      return;
    }
    if (key === "g") {
      before = "g";
      setTimeout(() => { before = ""; }, 1500);
      return;
    }
    const hot = hotkeys().find((one) => one.dataset.hotkey === key);
    if (hot) {
      event.preventDefault();
      hot.click();
      return;
    }
    // A box sends its form on Enter, which nobody means who walks through a list.
    if (key === "Enter" && (event.target === document.body || event.target.matches("[data-row] input[type=checkbox]"))) {
      event.preventDefault();
      current()?.querySelector("a[href]")?.click();
      return;
    }
    if (Object.hasOwn(own, key)) {
      event.preventDefault();
      own[key]();
    }
  });
})();

// What pages do beyond plain HTML: bring parts up to date, ask before something dangerous, mark all rows, change colors.
// Everything works without this file; nothing here makes markup out of text.
"use strict";

(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const told = document.querySelector("[data-told]");
  const tell = (text) => { if (told) told.textContent = text; };

  document.querySelectorAll(".menu [aria-current], .tabs [aria-current]").forEach((one) => {
    // Not scrollIntoView: it would move the page down to a tab.
    for (let box = one.parentElement; box !== document.body; box = box.parentElement) {
      const [inner, outer] = [one.getBoundingClientRect(), box.getBoundingClientRect()];
      box.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
    }
  });

  // Dangerous actions: <form data-confirm="Really ...?"> or <button data-confirm="...">.
  document.addEventListener("submit", (event) => {
    const asks = event.submitter?.dataset.confirm || event.target.dataset.confirm;
    if (asks && !window.confirm(asks)) event.preventDefault();
  });

  // A choice that is submitted at once: <select data-submit>.
  document.addEventListener("change", (event) => {
    const target = event.target;
    if (target.matches?.("[data-submit]")) target.form.requestSubmit();
    if (target.matches?.("[data-all]")) {
      document.querySelectorAll(`input[type=checkbox][name="${CSS.escape(target.dataset.all)}"]`).forEach((box) => {
        box.checked = target.checked;
        box.closest("[data-row]")?.classList.toggle("marked", box.checked);
      });
    }
    if (target.matches?.("[data-row] input[type=checkbox]")) target.closest("[data-row]").classList.toggle("marked", target.checked);
    count();
  });

  function count() {
    const marked = document.querySelectorAll("[data-row] input[type=checkbox]:checked").length;
    document.querySelectorAll("[data-marked]").forEach((one) => { one.textContent = String(marked); });
  }

  // Colors.
  const themes = document.querySelector("[data-theme-form]");
  function wear(theme) {
    root.dataset.theme = theme;
    document.querySelector('meta[name="color-scheme"]').content = theme === "system" ? "light dark" : theme;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    if (themes) themes.elements.theme.value = theme;
  }
  themes?.elements.theme.addEventListener("change", (event) => wear(event.target.value));

  // What somebody wrote and did not send yet is not taken from them.
  function written(field) {
    if (field.tagName === "SELECT") return [...field.options].some((one) => one.defaultSelected && !one.selected);
    return !["checkbox", "hidden", "radio"].includes(field.type) && field.value !== field.defaultValue;
  }

  // Parts: <div data-part="list" data-on="alerts"> is fetched again when the server tells of `alerts`.
  function inUse(element) {
    if (element.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) return true;
    if (element.querySelector("[data-row] input[type=checkbox]:checked")) return true;
    return [...element.querySelectorAll("input, textarea, select")].some(written);
  }
  async function fetchPart(element) {
    if (inUse(element)) return;
    const place = new URL(element.dataset.from || location.href, location.href);
    place.searchParams.set("part", element.dataset.part);
    const answer = await fetch(place, { headers: { accept: "text/html" }, credentials: "same-origin" });
    if (answer.status === 401) {
      location.reload();
      return;
    }
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (inUse(element)) return; // somebody began while it came
    const at = element.querySelector("[data-row].at")?.dataset.row;
    const open = [...element.querySelectorAll("details")].map((one) => one.open);
    element.replaceChildren(...fresh.body.childNodes);
    element.querySelectorAll("details").forEach((one, n) => { one.open ||= open[n] ?? false; });
    if (at) element.querySelector(`[data-row="${CSS.escape(at)}"]`)?.classList.add("at");
    element.dispatchEvent(new CustomEvent("redshank:part", { bubbles: true }));
  }

  const waiting = new Set();
  let timer = 0;
  function refresh(what) {
    document.querySelectorAll("[data-part][data-on]").forEach((element) => {
      if (element.dataset.on.split(" ").includes(what)) waiting.add(element);
    });
    if (!timer && waiting.size && !document.hidden) timer = setTimeout(run, 150);
  }
  async function run() {
    timer = 0;
    const now = [...waiting];
    waiting.clear();
    await Promise.all(now.map((element) => fetchPart(element).catch(() => undefined)));
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden && waiting.size) run(); });

  const light = document.querySelector("[data-live]");
  if (light && document.querySelector("[data-part][data-on]")) {
    const say = (lost) => {
      light.hidden = false;
      light.classList.toggle("lost", lost);
      light.querySelector("span").textContent = lost ? "not live" : "live";
    };
    let heard = document.body.dataset.heard;
    let stream;
    const follow = () => {
      stream = new EventSource(`/live?heard=${encodeURIComponent(heard)}`);
      stream.addEventListener("open", () => say(false));
      stream.addEventListener("error", () => {
        say(true);
        // What was answered with an error a browser does not ask for again by itself.
        if (stream.readyState === EventSource.CLOSED) setTimeout(follow, 5000);
      });
      ["alerts", "labels", "responses", "health", "devices", "risk", "allowances", "models", "audit"].forEach((what) =>
        stream.addEventListener(what, (event) => {
          heard = event.lastEventId || heard;
          refresh(what);
        }),
      );
      stream.addEventListener("over", () => {
        stream.close();
        location.reload();
      });
    };
    follow();
    window.addEventListener("pagehide", () => stream.close());
  }

  window.redshank = {
    tell,
    fetchPart,
    turn: () => {
      const all = ["system", "light", "dark"];
      wear(all[(all.indexOf(root.dataset.theme) + 1) % 3]);
      tell(`Colors: ${root.dataset.theme}`);
    },
  };
})();

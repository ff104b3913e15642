// The queue without a jump: an answer is sent, and the next question takes the place of this one. Without this file
// every answer is a form that leads to the next page.
"use strict";

(() => {
  const queue = document.querySelector("[data-queue]");
  if (!queue) return;
  let busy = false;

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-answer]") || event.defaultPrevented) return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    queue.setAttribute("aria-busy", "true");
    const fields = new URLSearchParams(new FormData(form, event.submitter));
    try {
      const answer = await fetch(`${form.getAttribute("action")}?part=question`, {
        method: "POST",
        body: fields,
        headers: { accept: "text/html" },
        credentials: "same-origin",
      });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (answer.status === 401) {
        location.reload();
        return;
      }
      if (!answer.ok) {
        show(fresh.querySelector("main")?.textContent.trim() || `That did not work (${answer.status}).`);
        return;
      }
      // A shorter question must not pull the page up under the reader's eyes.
      queue.style.minHeight = `${Math.max(queue.offsetHeight, parseFloat(queue.style.minHeight) || 0)}px`;
      queue.replaceChildren(...fresh.body.childNodes);
      const said = queue.querySelector("[data-said]")?.textContent || "";
      const asked = queue.querySelector(".flow-line")?.textContent || "No question is left.";
      window.redshank?.tell(`${said} ${asked}`);
      history.replaceState(null, "", "/labels");
    } catch {
      show("The console does not answer. Nothing was lost; try again.");
    } finally {
      busy = false;
      queue.removeAttribute("aria-busy");
    }
  });

  function show(text) {
    queue.querySelectorAll("[data-wrong]").forEach((one) => one.remove());
    const line = document.createElement("p");
    line.className = "notice bad";
    line.setAttribute("role", "alert");
    line.dataset.wrong = "";
    line.textContent = text;
    queue.prepend(line);
  }
})();

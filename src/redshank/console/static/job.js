// A job that runs is looked at again every two seconds, until it has ended.
"use strict";

(() => {
  const place = document.querySelector("[data-job]");
  if (!place) return;
  const running = () => place.querySelector("[data-state=running]") !== null;

  async function look() {
    if (!running()) return;
    if (!document.hidden) {
      const cancel = place.contains(document.activeElement);
      if (!cancel) await window.redshank?.fetchPart(place).catch(() => undefined);
      if (!running()) window.redshank?.tell("The job has ended.");
    }
    setTimeout(look, 2000);
  }
  setTimeout(look, 2000);
})();

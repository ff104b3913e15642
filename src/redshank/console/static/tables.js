// Tables that are sorted by a click on a head, or Enter on it: <table data-sort>. A cell's data-value counts, or its text.
"use strict";

(() => {
  const value = (row, at) => {
    const cell = row.cells[at];
    return cell?.dataset.value ?? cell?.textContent.trim() ?? "";
  };

  const compare = (one, other) => {
    const [a, b] = [Number(one), Number(other)];
    return Number.isNaN(a) || Number.isNaN(b) ? one.localeCompare(other, "en", { numeric: true }) : a - b;
  };

  function sort(table, head) {
    const at = head.cellIndex;
    const down = head.getAttribute("aria-sort") === "ascending";
    table.querySelectorAll("thead th").forEach((one) => one.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = table.tBodies[0];
    const rows = [...body.rows].sort((a, b) => compare(value(a, at), value(b, at)) * (down ? -1 : 1));
    body.append(...rows);
    window.redshank?.tell(`Sorted by ${head.textContent}`);
  }

  document.querySelectorAll("table[data-sort]").forEach((table) => {
    table.querySelectorAll("thead th").forEach((head) => {
      head.classList.add("sorts");
      head.tabIndex = 0;
      head.addEventListener("click", () => sort(table, head));
      head.addEventListener("keydown", (event) => {
        if (event.key === "Enter") {
          event.preventDefault();
          sort(table, head);
        }
      });
    });
  });
})();

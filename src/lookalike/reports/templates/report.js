"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const make = (tag, text, props = {}) => Object.assign(document.createElement(tag), {textContent: text}, props);
  // --- tables are sorted by their heads
  const value = (row, place) => {
    const text = row.cells[place] ? row.cells[place].textContent.trim() : "";
    const number = parseFloat(text.replace(/,/g, "").replace("−", "-"));
    return Number.isNaN(number) ? text.toLowerCase() : number;
  };
  const compare = (a, b) =>
    typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1;
  for (const table of all("table.list")) {
    const heads = all("thead th", table);
    if (heads.some((head) => head.colSpan > 1)) continue;
    heads.forEach((head, place) => {
      const button = make("button", head.textContent, {type: "button", className: "sort"});
      head.textContent = "";
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = all("tbody tr", table);
        rows.sort((a, b) => compare(value(a, place), value(b, place)) * (down ? -1 : 1));
        table.tBodies[0].append(...rows);
      });
    });
  }
  // --- columns are found by a part of their name
  const find = document.getElementById("find");
  const named = all("[data-name]");
  if (find && named.length) {
    const said = document.getElementById("found");
    find.closest("[hidden]").hidden = false;
    find.addEventListener("input", () => {
      const wanted = find.value.trim().toLowerCase();
      let shown = 0;
      for (const part of named) {
        part.hidden = !part.dataset.name.toLowerCase().includes(wanted);
        shown += part.hidden ? 0 : 1;
      }
      said.textContent = wanted ? `${shown} of ${named.length} pictures and lines` : "";
    });
  }
  // --- histograms tell their bins, to the mouse and to the keyboard
  const percent = (share) => (100 * share).toFixed(share < 0.01 ? 2 : 1) + " %";
  for (const figure of all("figure[data-bins]")) {
    const bins = JSON.parse(figure.dataset.bins);
    const count = bins.real.length;
    const said = make("p", "", {className: "tip small muted"});
    said.setAttribute("aria-live", "polite");
    figure.append(said);
    figure.tabIndex = 0;
    let place = -1;
    const tell = (next) => {
      place = Math.max(0, Math.min(count - 1, next));
      said.textContent =
        `${bins.edges[place]} to ${bins.edges[place + 1]}: real ${percent(bins.real[place])}, ` +
        `synthetic ${percent(bins.synthetic[place])}`;
    };
    figure.addEventListener("pointermove", (event) => {
      const box = figure.querySelector("svg").getBoundingClientRect();
      const across = ((event.clientX - box.left) / box.width - 0.04) / 0.92;
      if (across >= 0 && across <= 1) tell(Math.floor(across * count));
    });
    figure.addEventListener("keydown", (event) => {
      const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
      if (step) {
        tell(place + step);
        event.preventDefault();
      }
    });
  }
  // --- a folded section opens where a link leads into it
  const unfold = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    for (let part = target; part; part = part.parentElement) {
      if (part.tagName === "DETAILS") part.open = true;
    }
  };
  addEventListener("hashchange", unfold);
  unfold();
  addEventListener("beforeprint", () => all("details").forEach((part) => (part.open = true)));
})();

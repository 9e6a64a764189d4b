"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const make = (tag, text, props = {}) => Object.assign(document.createElement(tag), {textContent: text}, props);
  const SVG = "http://www.w3.org/2000/svg";

  // --- a file is sent as it is; the answer is the page of its table, or an error
  const file = $("file");
  const send = async (chosen) => {
    const said = $("said");
    said.className = "";
    said.textContent = `reading ${chosen.name} …`;
    try {
      const answer = await fetch(`/upload?name=${encodeURIComponent(chosen.name)}`, {method: "POST", body: chosen});
      const found = await answer.json();
      if (found.at) {
        location.href = found.at;
        return;
      }
      said.textContent = found.error;
    } catch (error) {
      said.textContent = `The file could not be sent: ${error.message}`;
    }
    said.className = "error";
    file.value = "";
  };
  if (file) {
    const drop = $("drop");
    file.addEventListener("change", () => file.files.length && send(file.files[0]));
    drop.addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      if (event.dataTransfer.files.length) send(event.dataTransfer.files[0]);
    });
  }

  // --- fields that belong to one model
  const model = $("model");
  if (model) {
    const show = () => {
      for (const part of document.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== model.value && part.dataset.for !== "auto";
    };
    model.addEventListener("change", show);
    show();
  }

  // --- rules are proposed, to be read and edited
  const propose = $("propose");
  if (propose) {
    propose.addEventListener("click", async () => {
      const said = $("proposed");
      said.textContent = "looking for rules …";
      propose.disabled = true;
      try {
        const answer = await fetch(propose.dataset.at, {method: "POST"});
        const found = await answer.json();
        const lines = (found.rules || "").split("\n").filter((line) => line && !line.startsWith("#"));
        $("rules").value += ($("rules").value && lines.length ? "\n" : "") + lines.join("\n");
        said.textContent = found.error || `${lines.length} proposed: read them, and delete what need not hold`;
      } catch (error) {
        said.textContent = `It did not work: ${error.message}`;
      }
      propose.disabled = false;
    });
  }

  // --- a run, live
  const live = $("live");
  if (!live) return;
  const CHARTS = [
    ["Losses", "balanced where neither runs away", ["loss_generator", "loss_discriminator"]],
    ["Loss", "lower is better", ["loss_network"]],
    ["Diversity", "1: as different from each other as real rows", ["diversity"]],
    ["Convergence", "near 1: as near to real rows as other real rows", ["convergence"]],
    ["Held-out rows", "higher is better; the best state is kept", ["held_out"]],
    ["Discriminator is right", "0.5 is guessing", ["accuracy_real", "accuracy_fake"]],
  ];
  const charts = new Map();
  const chart = ([title, hint, names]) => {
    const figure = make("figure", "");
    const caption = make("figcaption", title);
    caption.append(document.createElement("br"), make("span", hint, {className: "hint"}));
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 100 40");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("role", "img");
    const values = make("p", "", {className: "values"});
    figure.append(caption, svg, values);
    $("charts").append(figure);
    const lines = names.map((_, place) => {
      const line = document.createElementNS(SVG, "polyline");
      line.setAttribute("class", "ab"[place]);
      svg.append(line);
      return line;
    });
    return {title, names, svg, values, lines, points: names.map(() => [])};
  };
  const draw = (one) => {
    const all = one.points.flat();
    const steps = all.map((point) => point[0]);
    const heights = all.map((point) => point[1]);
    const [left, right] = [Math.min(...steps), Math.max(...steps)];
    const [low, high] = [Math.min(...heights), Math.max(...heights)];
    const across = (x) => (100 * (x - left)) / (right - left || 1);
    const up = (y) => 38 - (36 * (y - low)) / (high - low || 1);
    one.points.forEach((points, place) =>
      // A single point is a line to itself, so that its round ends are seen.
      one.lines[place].setAttribute(
        "points",
        (points.length === 1 ? [points[0], points[0]] : points)
          .map(([x, y]) => `${across(x).toFixed(2)},${up(y).toFixed(2)}`)
          .join(" "),
      ),
    );
    one.values.textContent = "";
    one.names.forEach((name, place) => {
      const last = one.points[place].at(-1);
      if (!last) return;
      const words = `${name.replaceAll("_", " ")} ${last[1].toPrecision(3)} `;
      one.values.append(make("span", words, {className: "ab"[place]}));
    });
    one.values.append(`· step ${right.toLocaleString("en")}`);
    one.svg.setAttribute("aria-label", `${one.title}: ${one.values.textContent}`);
  };
  let stale = new Set();
  const measure = (row) => {
    for (const spec of CHARTS) {
      spec[2].forEach((name, place) => {
        if (typeof row[name] !== "number") return;
        if (!charts.has(spec[0])) charts.set(spec[0], chart(spec));
        const one = charts.get(spec[0]);
        // Where training goes back or begins again, so does the curve.
        one.points[place] = one.points[place].filter((point) => point[0] < row.step);
        one.points[place].push([row.step, row[name]]);
        stale.add(one);
      });
    }
    if (row.collapsed === 1) note(`step ${row.step}: mode collapse, generated rows miss kinds of real ones`, "alarm");
  };
  const note = (words, kind = "") => {
    const notes = $("notes");
    notes.prepend(make("li", words, {className: kind}));
    while (notes.children.length > 40) notes.lastChild.remove();
  };
  const bar = $("bar");
  const handle = (event) => {
    if (event.kind === "measures") measure(event);
    else if (event.kind === "event") note(`step ${event.step}, ${event.sort}: ${event.words}`);
    else if (event.kind === "begin") {
      $("stage").textContent = `${event.title} …`;
      bar.hidden = true;
    } else if (event.kind === "progress") {
      bar.hidden = false;
      bar.max = event.total;
      bar.value = event.done;
      $("stage").textContent = `${event.title}: ${Math.floor((100 * event.done) / event.total)} %`;
    } else if (event.kind === "end") {
      bar.hidden = true;
      $("stage").textContent = `${event.title}: done in ${event.seconds.toFixed(1)} s`;
    }
  };
  let frame = 0;
  const source = new EventSource(live.dataset.events);
  source.onmessage = (message) => {
    handle(JSON.parse(message.data));
    if (!frame) {
      frame = requestAnimationFrame(() => {
        frame = 0;
        stale.forEach(draw);
        stale = new Set();
      });
    }
  };
  source.addEventListener("state", (message) => {
    const state = JSON.parse(message.data);
    $("word").textContent = state.word;
    for (const step of document.querySelectorAll("[data-step]")) {
      const place = Number(step.dataset.step);
      step.className = place < state.done ? "done" : place === state.done && state.word === "running" ? "now" : "";
    }
    if (!["running", "beginning"].includes(state.word)) {
      source.close();
      if (live.dataset.live === "yes") location.reload();
    }
  });
})();

// Small comforts; every page works without them.
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// Charts: a pointer, a finger or the arrow keys choose a moment and the series nearest to it; figure and legend follow.
const svgElement = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);
const words = (text) => text.slice(text.lastIndexOf(": ") + 2);

// Texts that follow what is chosen, and go back to what they were.
const follower = (element) => {
  const usual = element?.textContent;
  return (text) => {
    if (element) element.textContent = text ?? usual;
  };
};

// Where the points of every series are: by series and slot, in percent across and pixels down.
const pointsOf = (svg, rights) => {
  const found = [];
  for (const path of all(".stretch .line", svg)) {
    const series = Number(path.dataset.series);
    const row = (found[series] ??= []);
    let slot = 0;
    for (const [, x, y] of path.getAttribute("d").matchAll(/[ML](\S+) ([^ML]+)/g)) {
      while (slot < rights.length - 1 && x / 10 > rights[slot] + 0.01) slot++;
      row[slot] = { x: x / 10, y: Number(y) };
    }
  }
  return found;
};

// Small pictures side by side choose the same moment together: what each of them does when one is chosen.
const together = new Map();

for (const plot of all(".graph .plot")) {
  const svg = plot.querySelector(".chart-svg");
  if (!svg) continue;
  const panels = plot.closest(".panels");
  const graph = plot.closest(".panel, .graph");
  const module = graph.closest(".module");
  const slots = all(".slot", svg);
  let says = slots.map((slot) => {
    const title = slot.querySelector("title") || slot.parentNode.querySelector("title");
    title?.remove();
    return (title?.textContent ?? "").split("\n");
  });
  let rights = slots.map((slot) => parseFloat(slot.getAttribute("x")) + parseFloat(slot.getAttribute("width")));
  if (panels) {
    const values = graph.dataset.says.split("\n");
    says = panels.dataset.moments.split("\n").map((moment, index) => [moment, ...values[index].split("\t")]);
    const across = panels.dataset.across.split(" ").map(parseFloat);
    rights = across.map((x, index) => (index + 1 < across.length ? (x + across[index + 1]) / 2 : 100));
  } else if (!slots.length) {
    // a sparkline has too many moments for strips of their own: its table names them
    const points = [...(svg.querySelector(".line")?.getAttribute("d") ?? "").matchAll(/[ML](\S+) /g)];
    says = all("tbody tr", module ?? graph).map((row) => [...row.cells].slice(0, 2).map((cell) => cell.textContent));
    if (says.length !== points.length || says.length < 2) continue;
    rights = points.map(([, x]) => x / 10);
  }
  const count = says[0].length - 1;
  const points = pointsOf(svg, rights);
  const stacked = count > 1 && svg.querySelector(".area") !== null;
  const inner = svg.querySelector(":scope > g");
  const down = Number(/[ ,]([\d.]+)\)/.exec(inner.getAttribute("transform"))?.[1] ?? 0);
  const last = says.length - 1;
  const place = all(".graph", module ?? graph).indexOf(graph);
  const figure = count === 1 && !panels && !module?.matches(".kind-applications") ? module?.querySelectorAll(".figures .figure")[place] : null;
  const size = figure?.querySelector(".size");
  const followers = {
    size: follower(size),
    full: follower(size?.tagName === "ABBR" ? figure.querySelector(".hidden") : null),
    label: follower(figure?.querySelector(".figure-label")),
    head: follower(graph.querySelector(".legend-when")),
    panel: follower(graph.querySelector(".panel-value")),
    legend: all(".legend-value", graph).map(follower),
    beside: new Map(all(".labels [data-series]", svg).map((name) => [Number(name.dataset.series), follower(name.nextElementSibling)])),
  };
  const dot = svgElement("circle");
  dot.setAttribute("r", 5);
  const readout = document.createElement("div");
  readout.className = "readout";
  readout.hidden = true;
  readout.setAttribute("aria-hidden", "true");
  const live = document.createElement("output");
  live.className = "hidden";
  plot.append(readout, live);
  let current = -1;
  let chosen = -1;

  const follow = (lines) => {
    followers.panel(lines && words(lines[1]));
    followers.size(lines?.[1]);
    followers.full(lines?.[1]);
    followers.label(lines?.[0]);
    if (count < 2) return;
    followers.head(lines?.[0]);
    followers.legend.forEach((set, index) => set(lines && words(lines[index + 1])));
    followers.beside.forEach((set, index) => set(lines && words(lines[index + 1])));
  };
  // another picture shows a moment: this one shows it too
  const join = (index) => {
    follow(says[index] ?? null);
    const point = points[0]?.[index];
    if (point) mark(point, "s1");
    else dot.remove();
  };
  if (panels) together.set(panels, [...(together.get(panels) ?? []), [plot, join]]);
  const others = (index) => (together.get(panels) ?? []).forEach(([other, joins]) => other !== plot && joins(index));
  const mark = (point, series) => {
    dot.setAttribute("class", `point ${series}`);
    dot.setAttribute("cx", point.x + "%");
    dot.setAttribute("cy", point.y);
    inner.append(dot);
  };
  const hide = () => {
    others(-1);
    slots[current]?.classList.remove("on");
    current = chosen = -1;
    readout.hidden = true;
    live.textContent = "";
    dot.remove();
    graph.classList.remove("picking");
    all(".lit", svg).forEach((each) => each.classList.remove("lit"));
    follow(null);
  };
  const show = (index, series, aloud) => {
    if (index === current && series === chosen) return;
    const lines = says[index];
    slots[current]?.classList.remove("on");
    all(".lit", svg).forEach((each) => each.classList.remove("lit"));
    current = index;
    chosen = series;
    slots[index]?.classList.add("on");
    const point = points[series]?.[index];
    graph.classList.toggle("picking", count > 1 && Boolean(point));
    if (point) {
      const lit = all(`[data-series="${series}"]:not(text)`, svg);
      lit.forEach((each) => each.classList.add("lit"));
      mark(point, / (s\d)/.exec(lit[0].getAttribute("class"))[1]);
    } else dot.remove();
    follow(lines);
    others(index);
    readout.replaceChildren(
      ...lines.map((line, row) => {
        const part = document.createElement(row ? "span" : "b");
        part.textContent = line;
        part.classList.toggle("chosen", count > 1 && row === series + 1);
        return part;
      }),
    );
    readout.hidden = false;
    const room = plot.getBoundingClientRect();
    const box = svg.getBoundingClientRect();
    const before = index ? rights[index - 1] : 0;
    const at = box.left - room.left + (box.width * (point ? point.x : (before + rights[index]) / 2)) / 100;
    const right = at + 14 + readout.offsetWidth <= room.width;
    readout.style.left = Math.max(0, right ? at + 14 : at - 14 - readout.offsetWidth) + "px";
    readout.style.top = Math.max(0, Math.min(down + (point?.y ?? 0) - readout.offsetHeight / 2, box.height - readout.offsetHeight)) + "px";
    if (aloud) live.textContent = lines[0] + ": " + (point && count > 1 ? lines[series + 1] : lines.slice(1).join(", "));
  };
  const latest = (series) => (points[series] ?? []).findLastIndex(Boolean);
  const nearest = (index, y) => {
    let best = -1;
    points.forEach((row, series) => {
      const point = row[index];
      if (!point) return;
      const now = points[best]?.[index];
      // of areas the one whose upper edge is next above; of lines the closest
      if (stacked) {
        if (!now || (point.y <= y && (now.y > y || point.y > now.y))) best = series;
      } else if (!now || Math.abs(point.y - y) < Math.abs(now.y - y)) best = series;
    });
    return best;
  };
  const pick = (event) => {
    const box = svg.getBoundingClientRect();
    const y = event.clientY - box.top - down;
    if (event.clientX > box.right + 16 && count > 1) {
      const ends = points.map((row, series) => [Math.abs((row[latest(series)]?.y ?? Infinity) - y), series]);
      const [, series] = ends.sort(([a], [b]) => a - b)[0] ?? [];
      if (series !== undefined) show(latest(series), series, false);
      return;
    }
    const x = ((event.clientX - box.left) / box.width) * 100;
    let index = rights.findIndex((right) => x <= right);
    if (index < 0) index = last;
    if (!slots.length && index > 0 && x - rights[index - 1] < rights[index] - x) index -= 1;
    show(index, panels ? 0 : nearest(index, y), false);
  };
  // a finger taps; dragging it scrolls the page
  plot.addEventListener("pointermove", (event) => event.pointerType !== "touch" && pick(event));
  plot.addEventListener("click", pick);
  plot.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && hide());
  all(".legend li", graph).forEach((entry, series) => {
    entry.addEventListener("pointerenter", () => latest(series) >= 0 && show(latest(series), series, false));
    entry.addEventListener("pointerleave", hide);
  });
  const peers = panels ? all(".plot", panels) : [];
  plot.tabIndex = panels && plot !== peers[0] ? -1 : 0;
  plot.setAttribute("role", "group");
  const name = panels ? graph.querySelector(".panel-name").textContent : svg.querySelector(":scope > title")?.textContent;
  plot.setAttribute("aria-label", `${name}: ${(panels ?? plot).dataset.keys}`);
  plot.addEventListener("blur", hide);
  plot.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return hide();
    const next = panels && peers[peers.indexOf(plot) + ({ ArrowUp: -1, ArrowDown: 1 }[event.key] ?? NaN)];
    if (next) {
      event.preventDefault();
      const moment = current;
      plot.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
      next.dispatchEvent(new CustomEvent("moment", { detail: moment < 0 ? last : moment }));
      return;
    }
    const to = {
      ArrowRight: Math.min(current + 1, last),
      ArrowLeft: current < 0 ? last : Math.max(current - 1, 0),
      Home: 0,
      End: last,
    }[event.key];
    const step = count > 1 && !panels ? { ArrowUp: -1, ArrowDown: 1 }[event.key] : undefined;
    if (to === undefined && step === undefined) return;
    event.preventDefault();
    const index = to ?? (current < 0 ? last : current);
    let series = chosen;
    if (step) {
      const there = points.map((row, each) => [row[index]?.y, each]).filter(([y]) => y !== undefined);
      const order = there.sort(([a], [b]) => a - b).map(([, each]) => each);
      const now = order.indexOf(series);
      series = order[now < 0 ? (step > 0 ? 0 : order.length - 1) : Math.max(0, Math.min(now + step, order.length - 1))] ?? -1;
    }
    show(index, count === 1 || panels ? 0 : series, true);
  });
  plot.addEventListener("moment", (event) => show(event.detail, 0, true));
}

// Tabs: one panel at a time, arrow keys between them.
for (const set of all("[data-tabs]")) {
  const links = all(".tab-links a", set);
  const panels = links.map((link) => document.getElementById(link.hash.slice(1)));
  if (!links.length || panels.includes(null)) continue;
  set.classList.add("ready");
  set.querySelector(".tab-links").setAttribute("role", "tablist");
  const select = (index) => {
    links.forEach((link, other) => {
      link.setAttribute("aria-selected", String(other === index));
      link.tabIndex = other === index ? 0 : -1;
      panels[other].hidden = other !== index;
    });
  };
  links.forEach((link, index) => {
    link.parentNode.setAttribute("role", "presentation");
    link.setAttribute("role", "tab");
    link.id = panels[index].id + "-tab";
    link.setAttribute("aria-controls", panels[index].id);
    panels[index].setAttribute("role", "tabpanel");
    panels[index].setAttribute("aria-labelledby", link.id);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      select(index);
    });
    link.addEventListener("keydown", (event) => {
      const count = links.length;
      const to = { ArrowRight: (index + 1) % count, ArrowLeft: (index + count - 1) % count, Home: 0, End: count - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      select(to);
      links[to].focus();
    });
  });
  select(Math.max(0, panels.findIndex((panel) => "#" + panel.id === location.hash)));
}

// Choices take effect at once.
for (const select of all(".search-form select")) select.addEventListener("change", () => select.form.requestSubmit());

// Slides: one at a time, on the whole screen if that is wanted.
for (const show of all(".slides")) {
  const slides = all(".slide", show);
  if (document.fullscreenEnabled) {
    const button = document.createElement("button");
    button.className = "full-screen";
    button.textContent = show.dataset.fullScreen;
    button.addEventListener("click", () => document.documentElement.requestFullscreen());
    document.addEventListener("fullscreenchange", () => (button.hidden = document.fullscreenElement !== null));
    show.append(button);
  }
  let resting = 0;
  const wake = () => {
    show.classList.remove("resting");
    clearTimeout(resting);
    resting = setTimeout(() => show.classList.add("resting"), 5000);
  };
  for (const kind of ["pointermove", "keydown"]) addEventListener(kind, wake);
  wake();
  setTimeout(() => location.reload(), 24 * 3600 * 1000);
  if (slides.length < 2) continue;
  show.classList.add("ready");
  let current = 0;
  const turn = (to) => {
    slides[current].classList.remove("current");
    current = (to + slides.length) % slides.length;
    slides[current].classList.add("current");
  };
  turn(0);
  const interval = 1000 * (Number(show.dataset.interval) || 5);
  let timer = setInterval(() => turn(current + 1), interval);
  addEventListener("keydown", (event) => {
    if (event.target.closest?.("button")) return;
    if (event.key === "ArrowRight") turn(current + 1);
    else if (event.key === "ArrowLeft") turn(current - 1);
    else if (event.key === " ") {
      clearInterval(timer);
      timer = timer ? 0 : setInterval(() => turn(current + 1), interval);
    }
  });
}

// Tables: sorted where they are.
const amount = (cell) => {
  const text = cell.querySelector("abbr")?.title || cell.textContent;
  const number = Number(text.replace(/[,%£€$]|[a-z]+$/g, "").replace("\u2212", "-"));
  return cell.querySelector(".missing") ? null : Number.isNaN(number) ? text.trim().toLowerCase() : number;
};
for (const table of all("table")) {
  const body = table.tBodies[0];
  const heads = all("th[scope=col]", table);
  const rows = [...body.rows];
  // what was shortened cannot be put in order here: the server does it
  const shortened = rows.some((row) => all(".number", row).some((cell) => /[kmbn]$/.test(cell.textContent.trim())));
  if (rows.length < 2 || shortened) continue;
  heads.forEach((head, column) => {
    const link = head.querySelector("a.sort");
    // dates read otherwise than they are sorted: only names and amounts are sorted here
    const dated = rows.some((row) => /\d{4}|\d:\d\d/.test(row.cells[column]?.textContent) && !head.classList.contains("number"));
    if (!link || dated) return;
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const down = head.getAttribute("aria-sort") !== "descending";
      const order = [...body.rows].map((row) => [amount(row.cells[column]), row]);
      order.sort(([a], [b]) => {
        if (a === null || b === null) return (a === null) - (b === null);
        return (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1);
      });
      body.append(...order.map(([, row]) => row));
      for (const other of heads) {
        other.removeAttribute("aria-sort");
        const arrow = other.querySelector(".arrow");
        if (arrow) arrow.textContent = "↕";
      }
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      head.querySelector(".arrow").textContent = down ? "▼" : "▲";
    });
  });
}

// Figures of this moment: asked for again every two minutes, as long as the page is looked at.
const moments = [...all(".kind-realtime").map((module) => ["#" + module.id, module, [".figures", ".source"]])];
moments.push(...all("[data-live]").map((slide) => [`[data-live="${CSS.escape(slide.dataset.live)}"]`, slide, [".figure"]]));
if (moments.length) {
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const [selector, place, parts] of answer.ok ? moments : []) {
        for (const part of parts) {
          const now = page.querySelector(`${selector} ${part}`);
          if (now) place.querySelector(part)?.replaceWith(now);
        }
      }
    } catch {
      // the next time may succeed
    }
  }, 120_000);
}

// The code to show a module elsewhere: complete, and chosen at once.
for (const code of all("#embed-code")) {
  code.value = code.value.replace('src="/', `src="${location.origin}/`);
  code.addEventListener("focus", () => code.select());
}

// Reports of problems: sent without leaving the page.
for (const form of all(".problem form")) {
  const button = form.querySelector("button");
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  said.tabIndex = -1;
  form.after(said);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    const fields = new URLSearchParams(new FormData(form));
    fields.set("url", location.href);
    fields.set("javascript_enabled", "true");
    fields.set("referrer", document.referrer || "unknown");
    button.disabled = true;
    said.textContent = form.dataset.sending;
    let answer = null;
    let message = "";
    try {
      const headers = { accept: "application/json", "x-requested-with": "XMLHttpRequest" };
      answer = await fetch(form.action, { method: "POST", body: fields, headers });
      message = answer.ok ? (await answer.json()).message : "";
    } catch {
      // another site that takes nothing from scripts was asked whether it does, and has got nothing yet
      if (!answer && new URL(form.action).origin !== location.origin) return form.submit();
    }
    if (answer?.ok) {
      form.hidden = true;
      said.textContent = new DOMParser().parseFromString(message || form.dataset.sent, "text/html").body.textContent;
      said.focus();
    } else {
      said.textContent = answer?.status === 422 ? form.dataset.details : form.dataset.failed;
      button.disabled = false;
      button.focus();
    }
  });
}

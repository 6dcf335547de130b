// Small comforts; every page works without them.
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// Charts: pointing or arrow keys name the values of a moment.
for (const graph of all(".graph")) {
  const plot = graph.querySelector(".plot");
  const slots = all(".slot", graph);
  if (!plot || !slots.length) continue;
  const says = slots.map((slot) => {
    const title = slot.querySelector("title") || slot.parentNode.querySelector("title");
    const text = title ? title.textContent : "";
    title?.remove();
    return text;
  });
  const readout = document.createElement("output");
  readout.className = "readout";
  readout.hidden = true;
  plot.append(readout);
  let current = -1;
  const show = (index, aloud) => {
    slots[current]?.classList.remove("on");
    current = index;
    readout.hidden = index < 0;
    if (index < 0) return;
    slots[index].classList.add("on");
    readout.setAttribute("aria-live", aloud ? "polite" : "off");
    readout.textContent = says[index];
    const room = plot.getBoundingClientRect();
    const at = slots[index].getBoundingClientRect();
    const left = at.left + at.width / 2 - room.left - readout.offsetWidth / 2;
    readout.style.left = Math.max(0, Math.min(left, room.width - readout.offsetWidth)) + "px";
    readout.style.top = "-1.9rem";
  };
  slots.forEach((slot, index) => {
    const target = slot.closest(".bar-slot") || slot;
    target.addEventListener("pointerenter", () => show(index, false));
  });
  plot.addEventListener("pointerleave", () => show(-1));
  plot.tabIndex = 0;
  plot.setAttribute("role", "group");
  plot.setAttribute("aria-label", (graph.querySelector("svg > title")?.textContent || "Chart") + ": move with the arrow keys");
  plot.addEventListener("blur", () => show(-1));
  plot.addEventListener("keydown", (event) => {
    const last = slots.length - 1;
    const to = {
      ArrowRight: Math.min(current + 1, last),
      ArrowLeft: current < 0 ? last : Math.max(current - 1, 0),
      Home: 0,
      End: last,
      Escape: -1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(to, true);
  });
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

// Slides: one at a time.
for (const show of all(".slides")) {
  const slides = all(".slide", show);
  if (slides.length < 2) continue;
  show.classList.add("ready");
  let current = 0;
  const turn = (to) => {
    slides[current].classList.remove("current");
    current = (to + slides.length) % slides.length;
    slides[current].classList.add("current");
  };
  turn(0);
  let timer = setInterval(() => turn(current + 1), 1000 * (Number(show.dataset.interval) || 5));
  addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") turn(current + 1);
    else if (event.key === "ArrowLeft") turn(current - 1);
    else if (event.key === " ") {
      clearInterval(timer);
      timer = 0;
    }
  });
  setTimeout(() => location.reload(), 24 * 3600 * 1000);
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
for (const module of all(".kind-realtime")) {
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const page = await (await fetch(location.href)).text();
      const fresh = new DOMParser().parseFromString(page, "text/html").getElementById(module.id);
      for (const part of [".figures", ".source"]) {
        const now = fresh?.querySelector(part);
        if (now) module.querySelector(part)?.replaceWith(now);
      }
    } catch {
      // the next time may succeed
    }
  }, 120_000);
}

"use strict";
(() => {
  const one = (id) => document.getElementById(id);
  const every = (selector) => [...document.querySelectorAll(selector)];
  const pages = every("details.page");
  const holders = every("details.loop").filter((part) => part.querySelector("details.page"));
  const findings = every(".finding");
  const entries = every(".contents tbody tr");
  let current = -1;

  const openAround = (place) => {
    for (let at = place; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  };
  const choose = (index) => {
    current = index;
    pages.forEach((page, at) => page.classList.toggle("away", index >= 0 && at !== index));
    holders.forEach((part) => part.classList.toggle("away", index >= 0 && !part.contains(pages[index])));
    entries.forEach((entry, at) => at === index ? entry.setAttribute("aria-current", "true") : entry.removeAttribute("aria-current"));
    if (one("at")) {
      one("at").value = index >= 0 ? `${index + 1} of ${pages.length}` : `all ${pages.length}`;
      one("previous").disabled = index === 0;
      one("next").disabled = index === pages.length - 1;
      one("all").disabled = index < 0;
    }
  };
  const go = (index) => {
    if (index >= 0 && index < pages.length) location.hash = pages[index].id;
  };
  const showAll = () => {
    choose(-1);
    history.replaceState(null, "", location.pathname + location.search);
    one("contents-heading").scrollIntoView();
  };
  const follow = () => {
    const target = location.hash.length > 1 && one(location.hash.slice(1));
    if (!target) return;
    const page = target.closest("details.page");
    if (page && pages.length > 1) choose(pages.indexOf(page));
    openAround(target);
    target.scrollIntoView();
    if (target.classList.contains("finding")) target.focus({ preventScroll: true });
    else if (page) page.querySelector("summary").focus({ preventScroll: true });
  };
  const nextFinding = () => {
    const at = findings.findIndex((finding) => `#${finding.id}` === location.hash);
    if (findings.length) location.hash = findings[(at + 1) % findings.length].id;
  };
  const filter = (kind) => {
    document.body.classList.toggle("only-findings", kind === "findings");
    document.body.classList.toggle("only-errors", kind === "errors");
  };
  const find = (words) => {
    const sought = words.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const entry of entries) {
      const text = entry.textContent.toLowerCase();
      const fits = sought.every((word) => text.includes(word));
      entry.hidden = !fits;
      count += fits;
    }
    one("found").value = sought.length ? `${count} found` : "";
  };
  const on = (id, event, act) => one(id) && one(id).addEventListener(event, act);

  every("nav.tools, .search, .keys").forEach((tool) => { tool.hidden = false; });
  on("filter", "change", (event) => filter(event.target.value));
  on("open", "click", () => every("main details").forEach((part) => { part.open = true; }));
  on("close", "click", () => every("main details.loop").forEach((part) => { part.open = false; }));
  on("finding", "click", nextFinding);
  on("previous", "click", () => go(current < 0 ? pages.length - 1 : current - 1));
  on("next", "click", () => go(current + 1));
  on("all", "click", showAll);
  on("find", "input", (event) => find(event.target.value));
  addEventListener("hashchange", follow);
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    const act = {
      j: () => go(current + 1),
      k: () => go(current < 0 ? pages.length - 1 : current - 1),
      a: () => pages.length > 1 && showAll(),
      f: nextFinding,
      "/": () => one("find") && one("find").focus(),
    }[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = every("main details:not([open])");
    closed.forEach((part) => { part.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((part) => { part.open = false; }));
  choose(-1);
  follow();
})();

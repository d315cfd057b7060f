// Keeps a page of the console true: an event is a hint, the page itself is fetched again, and what differs is swapped.
"use strict";

const GAP_MS = 400; // Between two fetches of one tab, however fast the changes come;
const EASE = 5; // and this many times as long as a fetch takes: a server in a storm has better things to do.
const SWEEP_MS = 15000; // Without any hint; a lost one costs so much at most.
const SETTLE_MS = 1000; // A button keeps its old rung so long after a swap: who clicks now has seen the old page.
const PLAIN_TITLE = document.title;

const drawn = new Map(); // The HTML of each live part as the server wrote it, by id.
let skew = 0; // The server's clock minus ours.
let count = null; // Triggered incidents, as last shown.
let timer = null;
let fetching = false;
let wanted = false;
let next = 0; // When the next fetch may begin.

for (const part of document.querySelectorAll("[data-live]")) drawn.set(part.id, part.outerHTML);
pulse();
refine(document);
link(navigator.onLine ? "Live" : "No connection", navigator.onLine);
setInterval(() => tell(document), 10000);
setInterval(refresh, SWEEP_MS);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
window.addEventListener("online", refresh);
document.addEventListener("submit", submitted);
document.addEventListener("change", (event) => { if (event.target.matches("[data-submit]")) event.target.form.requestSubmit(); });
document.addEventListener("click", (event) => { if (event.target.matches("button.clip")) copy(event.target); });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") for (const open of document.querySelectorAll(".more details[open]")) open.open = false; });
listen();

// One tab of a browser listens and tells the others: a browser allows few connections to one host.
function listen() {
  if (!navigator.locks || !window.BroadcastChannel) return subscribe(() => {});
  const others = new BroadcastChannel("tocsin");
  others.onmessage = refresh;
  navigator.locks.request("tocsin-events", () => new Promise(() => subscribe(() => others.postMessage(""))));
}

function subscribe(pass) {
  const source = new EventSource("/events");
  const changed = () => { refresh(); pass(); };
  source.addEventListener("changed", changed);
  source.addEventListener("open", changed); // What happened while we were away.
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return; // It reconnects by itself.
    setTimeout(() => { source.close(); subscribe(pass); }, SWEEP_MS);
  });
}

function refresh() {
  wanted = true;
  if (fetching || timer) return;
  timer = setTimeout(fetchParts, Math.max(0, next - Date.now()));
}

async function fetchParts() {
  timer = null;
  wanted = false;
  fetching = true;
  const began = Date.now();
  try {
    const answer = await fetch(location.href, { headers: { "tocsin-fragment": "1" }, cache: "no-store", signal: AbortSignal.timeout(10000) });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) throw new Error(answer.statusText);
    swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
    link("Live", true);
  } catch {
    link("No connection: this page may be out of date", false);
  } finally {
    fetching = false;
    next = Date.now() + Math.max(GAP_MS, EASE * (Date.now() - began));
    if (wanted) refresh();
  }
}

function swap(fresh) {
  for (const part of fresh.querySelectorAll("[data-live]")) {
    const old = document.getElementById(part.id);
    if (!old || drawn.get(part.id) === part.outerHTML) continue;
    drawn.set(part.id, part.outerHTML);
    refine(part);
    const focus = old.contains(document.activeElement) ? marked(document.activeElement) : null;
    carryOver(old, part);
    old.replaceWith(part);
    if (focus) restore(part, focus);
  }
  pulse();
}

// What a person has begun stays: open drawers, typed words, chosen options.
function carryOver(old, part) {
  for (const open of old.querySelectorAll("details[open][id]")) {
    const twin = part.querySelector("#" + CSS.escape(open.id));
    if (twin) twin.open = true;
  }
  for (const field of old.querySelectorAll("textarea[id], select[id], input[id]")) {
    const twin = part.querySelector("#" + CSS.escape(field.id));
    if (twin && field.value) twin.value = field.value;
  }
  for (const rung of old.querySelectorAll("input[name=rung]")) {
    const twin = part.querySelector("#" + CSS.escape(rung.form.id) + " input[name=rung]");
    if (!twin || twin.value === rung.value) continue;
    const now = twin.value;
    twin.value = rung.value;
    setTimeout(() => { twin.value = now; }, SETTLE_MS);
  }
}

function marked(field) {
  const form = field.closest("form[id]");
  const path = field.id ? "#" + CSS.escape(field.id)
    : field.matches("summary") ? "#" + CSS.escape(field.parentElement.id) + " > summary"
    : form ? "#" + CSS.escape(form.id) + " button" : null;
  return path && { path, start: field.selectionStart, end: field.selectionEnd };
}

function restore(part, focus) {
  const field = part.querySelector(focus.path);
  if (!field) return;
  field.focus({ preventScroll: true });
  if (field.matches("textarea")) field.setSelectionRange(focus.start, focus.end);
}

// The number of triggered incidents: in the title, and said aloud when it grows.
function pulse() {
  const now = document.getElementById("pulse");
  if (!now) return;
  skew = Number(now.dataset.now) - Date.now();
  const found = Number(now.dataset.count);
  document.title = found ? `(${found}) ${PLAIN_TITLE}` : PLAIN_TITLE;
  if (count !== null && found !== count) say(found > count ? `A new incident. Triggered now: ${found}.` : `Triggered now: ${found}.`);
  count = found;
}

function say(text) {
  document.getElementById("say").textContent = text;
}

function link(text, good) {
  const place = document.getElementById("link");
  if (place.textContent !== text) place.textContent = text;
  place.classList.toggle("good", good);
  place.classList.toggle("bad", !good);
}

// What a page has only with a script: times in the reader's zone, and buttons that copy.
function refine(part) {
  tell(part);
  for (const zone of part.querySelectorAll("[data-zone]")) zone.textContent = "(your time)";
  for (const field of part.querySelectorAll("input.copy")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "clip";
    button.textContent = "Copy";
    field.after(button);
  }
}

function tell(part) {
  const here = new Date(Date.now() + skew);
  for (const time of part.querySelectorAll("time.at")) {
    const at = new Date(time.dateTime);
    const day = at.toDateString() === here.toDateString() ? "" : at.toLocaleDateString("en-GB", { day: "numeric", month: "short" }) + " ";
    put(time, day + at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" }));
    time.title = at.toString();
  }
  for (const mark of part.querySelectorAll("[data-at]")) { // In pictures, where there is no room for more.
    put(mark, new Date(mark.dataset.at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }));
  }
  for (const time of part.querySelectorAll("time.rel")) {
    const at = new Date(time.dateTime);
    put(time, ago(at.getTime(), Date.now() + skew, time.classList.contains("due")));
    time.title = at.toString();
  }
}

function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// The same rule as the server's.
function ago(at, now, due) {
  const minutes = Math.floor(Math.abs(at - now) / 60000);
  if (due && at <= now) return "at once";
  if (minutes < 1) return at > now ? "in under a minute" : "just now";
  const words = minutes < 60 ? `${minutes} min`
    : minutes < 1440 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min`
    : `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
  return at > now ? `in ${words}` : `${words} ago`;
}

function submitted(event) {
  const form = event.target;
  const until = form.elements.until;
  if (until) {
    const chosen = new Date(form.elements.until_utc.value).getTime();
    until.value = Number.isNaN(chosen) ? "" : String(chosen);
  }
  if (form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault(); // The second half of a double click.
  form.dataset.sent = "1";
  setTimeout(() => { delete form.dataset.sent; }, 3000);
}

async function copy(button) {
  const field = button.previousElementSibling;
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Press Ctrl+C";
  }
}

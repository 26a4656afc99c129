// The little that needs a script: light and dark, "/" goes to the search, copying, and where the time axis begins to show.
const root = document.documentElement;
document.getElementById("theme").addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme); } catch { /* kept for this page alone */ }
});
addEventListener("keydown", (event) => {
  if (event.key === "/" && !/INPUT|TEXTAREA|SELECT/.test(document.activeElement.tagName)) {
    event.preventDefault();
    document.getElementById("q").focus();
  }
});
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => navigator.clipboard.writeText(button.dataset.copy));
}
// In lists: j and k (or the arrows, once in a list) go from row to row, Enter follows the row's link. On an exchange p and n turn pages.
const typing = () => /INPUT|TEXTAREA|SELECT/.test(document.activeElement.tagName);
const rows = [...document.querySelectorAll(".keys tbody tr")].map((row) => row.querySelector("a")).filter(Boolean);
addEventListener("keydown", (event) => {
  if (typing() || event.ctrlKey || event.metaKey || event.altKey) return;
  const turn = { p: "newer", n: "older" }[event.key];
  if (turn) document.querySelector(`#${turn}[href]`)?.click();
  const place = rows.indexOf(document.activeElement);
  const step = { j: 1, k: -1, ArrowDown: place < 0 ? 0 : 1, ArrowUp: place < 0 ? 0 : -1 }[event.key];
  if (!step || !rows.length) return;
  event.preventDefault();
  rows[Math.min(rows.length - 1, Math.max(0, place + step))].focus();
});
for (const form of document.querySelectorAll("form[data-auto]")) {
  form.addEventListener("change", () => form.requestSubmit());
}
const axis = document.getElementById("axis");
if (axis) {
  const chosen = axis.querySelector(".halo.on");
  const x = chosen ? Number(chosen.getAttribute("cx")) : Number(axis.dataset.now);
  axis.scrollLeft = x - axis.clientWidth * 0.82;
}

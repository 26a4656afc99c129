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
const axis = document.getElementById("axis");
if (axis) {
  const chosen = axis.querySelector(".halo.on");
  const x = chosen ? Number(chosen.getAttribute("cx")) : Number(axis.dataset.now);
  axis.scrollLeft = x - axis.clientWidth * 0.82;
}

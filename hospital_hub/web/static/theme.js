// Loaded before the page is drawn, so that a chosen theme does not flash. Keeps looks only, nothing of a patient.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const contrast = matchMedia("(prefers-contrast: more)");
  const kept = (name) => {
    try { return localStorage.getItem(name); } catch { return null; } // a framed page may have no storage
  };
  const apply = () => {
    const chosen = root.dataset.themeChosen ?? kept("hub-theme") ?? "auto";
    const system = contrast.matches ? "contrast" : dark.matches ? "dark" : "light";
    root.dataset.themeChosen = chosen;
    root.dataset.theme = chosen === "auto" ? system : chosen;
    root.dataset.text ??= kept("hub-text") ?? "1";
  };
  apply();
  for (const wish of [dark, contrast]) wish.addEventListener("change", apply);
  document.addEventListener("hub:look", apply);
})();

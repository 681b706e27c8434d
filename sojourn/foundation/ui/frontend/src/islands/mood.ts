// The light, dark or system switch: buttons with data-theme-set="light|dark|system".
function current(): string {
  return document.documentElement.dataset.theme ?? "system";
}

function show(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLElement>("[data-theme-set]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeSet === current()));
  }
}

export function mood(root: ParentNode): void {
  show(root);
}

document.addEventListener("click", (event) => {
  const button = (event.target as Element).closest<HTMLElement>("[data-theme-set]");
  if (!button) return;
  const wanted = button.dataset.themeSet ?? "system";
  try {
    if (wanted === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", wanted);
  } catch {
    // The choice then lasts for this page.
  }
  if (wanted === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = wanted;
  show(document);
  document.dispatchEvent(new CustomEvent("sojourn:mood"));
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  document.dispatchEvent(new CustomEvent("sojourn:mood"));
});

/** Light or dark: as the system has it, until the user says otherwise. */

type Theme = "system" | "light" | "dark";

const STORED = "softdraw-theme";

export const theme = $state<{ chosen: Theme }>({ chosen: storedTheme() });

/** The other one of what is shown now. */
export function toggleTheme(): void {
  theme.chosen = isDark() ? "light" : "dark";
  localStorage.setItem(STORED, theme.chosen);
  applyTheme();
}

export function isDark(): boolean {
  if (theme.chosen !== "system") return theme.chosen === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

export function applyTheme(): void {
  if (theme.chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.chosen;
}

/** Calls back when the colours change, by the button or by the system. */
export function onThemeChange(react: () => void): () => void {
  const watcher = new MutationObserver(react);
  watcher.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", react);
  return () => {
    watcher.disconnect();
    system.removeEventListener("change", react);
  };
}

function storedTheme(): Theme {
  const stored = localStorage.getItem(STORED);
  return stored === "light" || stored === "dark" ? stored : "system";
}

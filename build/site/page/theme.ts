/** Before the page is drawn: the colours that were chosen, here or in the studio. A script without imports, so that none waits. */

const html = document.documentElement;
const stored = localStorage.getItem(html.dataset.themeKey!);
if (stored === "light" || stored === "dark") html.dataset.theme = stored;

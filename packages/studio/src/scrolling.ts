/** What is wider than its place scrolls by itself, also by the keyboard. */

/** Lets an element be focused while there is something to scroll. */
export function scrolledByKeyboard(element: HTMLElement): () => void {
  const update = () => {
    if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
    else element.removeAttribute("tabindex");
  };
  const observer = new ResizeObserver(update);
  observer.observe(element);
  for (const child of element.children) observer.observe(child);
  return () => observer.disconnect();
}

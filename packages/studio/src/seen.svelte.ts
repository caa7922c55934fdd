/** Figures that are out of sight rest: on a long page only what is seen follows the controls. */

import type { Attachment } from "svelte/attachments";

export interface WhileSeen<T> {
  /** The newest from when it was seen; undefined before it was. */
  readonly value: T | undefined;
  /** For the element that has to be in sight. */
  readonly watch: Attachment<Element>;
}

/** How far around the window counts as seen, so that a figure is there when it is scrolled to. */
const MARGIN = "200px";

/** What `current` says while an element is seen, or is about to be. What is printed is seen. Called as a component is set up. */
export function whileSeen<T>(current: () => T): WhileSeen<T> {
  let isSeen = $state(false);
  let last: T | undefined;
  const value = $derived.by(() => {
    if (isSeen) last = current();
    return last;
  });
  return {
    get value() {
      return value;
    },
    watch: (element) => {
      const observer = new IntersectionObserver(
        (entries) => {
          isSeen = entries.at(-1)!.isIntersecting;
        },
        { rootMargin: MARGIN },
      );
      observer.observe(element);
      const print = () => {
        isSeen = true;
      };
      addEventListener("beforeprint", print);
      return () => {
        observer.disconnect();
        removeEventListener("beforeprint", print);
      };
    },
  };
}

/** Symbols of formulas and the controls that set them: what is looked at lights up in both places. */

import type { Attachment } from "svelte/attachments";

/** The symbol that is looked at, in a formula or at its control. */
export const linked = $state<{ symbol: string | undefined }>({ symbol: undefined });

/** For the control of a symbol, or anything else that shows it. */
export function lighting(symbol: string | undefined): Attachment<Element> {
  return (element) => {
    if (symbol === undefined) return;
    const light = () => {
      linked.symbol = symbol;
    };
    const dim = () => {
      if (linked.symbol === symbol) linked.symbol = undefined;
    };
    const listeners = { pointerenter: light, pointerleave: dim, focusin: light, focusout: dim };
    for (const [event, listener] of Object.entries(listeners)) element.addEventListener(event, listener);
    return () => {
      for (const [event, listener] of Object.entries(listeners)) element.removeEventListener(event, listener);
      dim();
    };
  };
}

/** For the symbol in a formula: to click it leads to its control, which the keyboard reaches as it is. */
export function leadingToControl(symbol: string): Attachment<Element> {
  return (element) => {
    const lead = () => {
      const control = `[data-symbol~="${symbol}"] :is(input, select, textarea, button)`;
      document.querySelector<HTMLElement>(control)?.focus();
    };
    element.addEventListener("click", lead);
    return () => element.removeEventListener("click", lead);
  };
}

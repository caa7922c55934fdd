/** An editor of code. It leaves the Tab key to the page, so that the keyboard leads out of it as it leads in. */

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export interface EditorOptions {
  readonly code: string;
  /** For who cannot see it. */
  readonly label: string;
  /** Is told of every change. */
  readonly changed: (code: string) => void;
  /** Ctrl and Enter, or Cmd and Enter. */
  readonly run: () => void;
}

export interface Editor {
  /** Takes other code, unless it is what is there. */
  take(code: string): void;
  /** Puts the cursor at the beginning of a line, from 1, and the focus into the editor. */
  goTo(line: number): void;
  destroy(): void;
}

/**
 * Makes an editor in a shadow tree of an element: there its styles are objects, which the page's policy allows. In the page itself
 * they would be an inline sheet.
 */
export function makeEditor(place: HTMLElement, { code, label, changed, run }: EditorOptions): Editor {
  const root = place.shadowRoot ?? place.attachShadow({ mode: "open" });
  const isRun = () => {
    run();
    return true;
  };
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: code,
      extensions: [
        lineNumbers(),
        history(),
        indentOnInput(),
        bracketMatching(),
        indentUnit.of("  "),
        EditorState.tabSize.of(2),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
        javascript({ typescript: true }),
        syntaxHighlighting(colours),
        theme,
        // Before the default, which makes a line of it.
        keymap.of([{ key: "Mod-Enter", run: isRun }, ...defaultKeymap, ...historyKeymap]),
        EditorView.domEventHandlers({ beforeinput: replaceSelection }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    take(next) {
      const { doc } = view.state;
      if (doc.toString() !== next) view.dispatch({ changes: { from: 0, to: doc.length, insert: next } });
    },
    goTo(line) {
      const { from } = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
      view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
      view.focus();
    },
    destroy: () => view.destroy(),
  };
}

/** Left to the browser, what is typed over a selection gets the style of that, as an inline one, which the page's policy forbids. */
function replaceSelection({ inputType, data }: InputEvent, view: EditorView): boolean {
  if (inputType !== "insertText" || data === null || view.state.selection.main.empty) return false;
  view.dispatch(view.state.replaceSelection(data), { userEvent: "input.type", scrollIntoView: true });
  return true;
}

/** As the code of other pages is coloured. */
const colours = HighlightStyle.define([
  { tag: tags.comment, color: "var(--muted)" },
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: "var(--accent)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--third)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--second)" },
]);

const theme = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--card)", fontSize: "0.85rem" },
  "&.cm-focused": { outline: "0.14rem solid var(--accent)", outlineOffset: "0.16rem" },
  ".cm-scroller": {
    fontFamily: "var(--mono)",
    lineHeight: "1.6",
    minHeight: "22rem",
    maxHeight: "65vh",
    overflow: "auto",
  },
  ".cm-content": { padding: "0.7rem 0", caretColor: "var(--ink)" },
  ".cm-gutters": { color: "var(--muted)", backgroundColor: "transparent", border: "0" },
  ".cm-matchingBracket": { backgroundColor: "color-mix(in srgb, var(--accent) 22%, transparent)" },
});

/**
 * The address says all that is seen: `#/section?setting=value&...`. It is behind the `#`, so any server of files will do.
 *
 * A page declares its settings as fields, each of which reads its value from text and writes it back. Only what differs
 * from the beginning is written.
 */

import { onDestroy } from "svelte";
import type { Fields, ValuesOf } from "./fields.ts";

interface Place {
  readonly path: string;
  readonly query: string;
}

export const address = $state<{ place: Place }>({ place: currentPlace() });

/** The last settings of each section, which its link in the navigation leads back to. */
const remembered = $state<Record<string, string>>({});

addEventListener("hashchange", () => {
  address.place = currentPlace();
  remembered[address.place.path] = address.place.query;
});

export function linkTo(path: string, query = remembered[path] ?? ""): string {
  return query === "" ? `#/${path}` : `#/${path}?${query}`;
}

function currentPlace(): Place {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { path, query };
}

export interface BoundSettings<F extends Fields> {
  /** To be read and changed as any object. */
  readonly values: ValuesOf<F>;
  /** What the address had that could not be taken, a sentence each. */
  readonly complaints: readonly string[];
  /** Back to the beginning. */
  reset(): void;
}

/** How long the settings have to rest before they are written: browsers limit how often an address may change. */
const REST_MS = 200;

/**
 * Binds a page's settings to the address: read when the page opens and when the address changes, written when they change.
 * Called once as a page is set up.
 */
export function bindSettings<F extends Fields>(path: string, fields: F): BoundSettings<F> {
  const first = readSettings(fields, currentPlace().query);
  const values = $state(first.values);
  let complaints = $state(first.complaints);
  let written = currentPlace().query;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const read = () => {
    const { place } = address;
    if (place.path !== path || place.query === written) return;
    written = place.query;
    const { values: found, complaints: found2 } = readSettings(fields, place.query);
    Object.assign(values as object, found);
    complaints = found2;
  };
  const write = (query: string) => {
    written = query;
    remembered[path] = query;
    history.replaceState(history.state, "", linkTo(path, query));
  };
  $effect(read);
  $effect(() => {
    const query = writeSettings(fields, values);
    clearTimeout(timer);
    if (query !== written) timer = setTimeout(() => write(query), REST_MS);
  });
  onDestroy(() => {
    clearTimeout(timer);
    remembered[path] = writeSettings(fields, values);
  });
  return {
    values,
    get complaints() {
      return complaints;
    },
    reset() {
      Object.assign(values as object, readSettings(fields, "").values);
    },
  };
}

function readSettings<F extends Fields>(fields: F, query: string) {
  const given = new URLSearchParams(query);
  const complaints: string[] = [];
  const entries = Object.entries(fields).map(([name, field]) => {
    const text = given.get(name);
    if (text === null) return [name, field.parse(field.format(field.initial))];
    try {
      return [name, field.parse(text)];
    } catch (error) {
      complaints.push(`“${name}” in the address: ${(error as Error).message}`);
      return [name, field.initial];
    }
  });
  return { values: Object.fromEntries(entries) as ValuesOf<F>, complaints };
}

function writeSettings<F extends Fields>(fields: F, values: ValuesOf<F>): string {
  const given = new URLSearchParams();
  for (const [name, field] of Object.entries(fields)) {
    const text = field.format((values as Record<string, unknown>)[name]);
    if (text !== field.format(field.initial)) given.set(name, text);
  }
  // A comma may stand in a query as it is, and is easier to read.
  return given.toString().replaceAll("%2C", ",").replaceAll("%3B", ";");
}

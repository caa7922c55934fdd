/**
 * The address says all that is seen: `#/section?setting=value&...`. It is behind the `#`, so any server of files will do.
 *
 * A page declares its settings as fields, each of which reads its value from text and writes it back. Only what differs
 * from the beginning is written.
 */

import { onDestroy } from "svelte";
import type { Fields, ValuesOf } from "./fields.ts";

/** What opens where the address names no section. */
const START = "start";

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
  return { path: path === "" ? START : path, query };
}

export interface BoundSettings<F extends Fields> {
  /** To be read and changed as any object. */
  readonly values: ValuesOf<F>;
  /** What the address had that could not be taken, a sentence each. */
  readonly complaints: readonly string[];
  /** Whether they are other than at the beginning. */
  readonly isChanged: boolean;
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

  const take = (query: string) => {
    const read = readSettings(fields, query);
    Object.assign(values, read.values);
    complaints = read.complaints;
  };
  const write = (query: string) => {
    written = query;
    remembered[path] = query;
    // On the way to another page already, though the event that says so is still to come.
    if (![path, address.place.path].includes(currentPlace().path)) return;
    history.replaceState(history.state, "", linkTo(path, query));
  };
  $effect(() => {
    const { place } = address;
    if (place.path !== path || place.query === written) return;
    written = place.query;
    take(place.query);
  });
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
    get isChanged() {
      return writeSettings(fields, values) !== "";
    },
    reset: () => take(""),
  };
}

interface ReadSettings<F extends Fields> {
  readonly values: ValuesOf<F>;
  readonly complaints: string[];
}

function readSettings<F extends Fields>(fields: F, query: string): ReadSettings<F> {
  const given = new URLSearchParams(query);
  const complaints: string[] = [];
  const entries = Object.entries(fields).map(([name, field]) => {
    // By way of its text: what is changed must not be the field's own.
    const initial = () => field.parse(field.format(field.initial));
    const text = given.get(name);
    try {
      return [name, text === null ? initial() : field.parse(text)];
    } catch (error) {
      complaints.push(`“${name}” in the address: ${(error as Error).message}`);
      return [name, initial()];
    }
  });
  return { values: Object.fromEntries(entries), complaints };
}

function writeSettings<F extends Fields>(fields: F, values: ValuesOf<F>): string {
  const given = new URLSearchParams();
  for (const [name, field] of Object.entries(fields)) {
    const text = field.format(values[name]);
    if (text !== field.format(field.initial)) given.set(name, text);
  }
  // Commas and semicolons may stand in a query as they are, and are easier to read.
  return given.toString().replaceAll("%2C", ",").replaceAll("%3B", ";");
}

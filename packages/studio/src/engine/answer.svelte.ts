/** The engine's answer to what the page shows, kept up with it. */

import type { Remote } from "comlink";
import { ask, messageOf } from "./client.svelte.ts";
import type { EngineApi } from "./worker.ts";

export interface Answer<T> {
  /** The newest answer there is; it may belong to an earlier question while a new one is worked on. */
  readonly value: T | undefined;
  readonly error: string | undefined;
  readonly isBusy: boolean;
}

/**
 * Asks the engine `task` with the question, as `newestAnswer` does.
 *
 * @param rest milliseconds that a question has to stay the same before it is asked: for what takes the engine longer than a
 *   frame. The first one is asked at once.
 */
export function answerTo<Q, T>(
  question: () => Q,
  task: (api: Remote<EngineApi>, question: Q) => Promise<T>,
  rest = 0,
): Answer<T> {
  return newestAnswer(question, (asked) => ask((api) => task(api, asked)), rest);
}

/**
 * Has a question answered, and again whenever it changes. While an answer is awaited, only the newest of the questions that
 * come is kept. Called as a component is set up.
 *
 * @param rest milliseconds that a question has to stay the same before it is answered, the first one apart
 */
export function newestAnswer<Q, T>(question: () => Q, answer: (question: Q) => Promise<T>, rest = 0): Answer<T> {
  let value = $state.raw<T>();
  let error = $state<string>();
  let isBusy = $state(true);
  let next: { question: Q } | undefined;
  let isAsking = false;
  let isFirst = true;
  let isGone = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const work = async () => {
    isAsking = true;
    isFirst = false;
    while (next !== undefined && !isGone) {
      const { question } = next;
      next = undefined;
      try {
        value = await answer(question);
        error = undefined;
      } catch (reason) {
        error = messageOf(reason);
      }
    }
    isAsking = false;
    isBusy = false;
  };
  $effect(() => {
    next = { question: $state.snapshot(question()) as Q };
    isBusy = true;
    if (isAsking) return;
    if (rest === 0 || isFirst) work();
    else timer = setTimeout(work, rest);
    return () => clearTimeout(timer);
  });
  $effect(() => () => {
    isGone = true;
  });
  return {
    get value() {
      return value;
    },
    get error() {
      return error;
    },
    get isBusy() {
      return isBusy;
    },
  };
}

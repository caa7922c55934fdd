/// <reference types="svelte" />
/// <reference types="vite/client" />

declare module "virtual:digits" {
  /** Address of the embedded digits. */
  const url: string;
  export default url;
}

declare module "virtual:modules" {
  /** What code that is written in the page can import, by name. */
  const modules: Readonly<Record<string, object>>;
  export default modules;
}

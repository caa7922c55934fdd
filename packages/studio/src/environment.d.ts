/// <reference types="svelte" />
/// <reference types="vite/client" />

declare module "virtual:digits" {
  /** Address of the embedded digits. */
  const url: string;
  export default url;
}

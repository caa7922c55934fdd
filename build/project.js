// @ts-check
/**
 * Where the project is to be found: the address of its repository, such as "https://github.com/owner/softdraw". Nothing else
 * needs to be filled in. What is packed takes `repository`, `homepage`, `bugs` and its links from it.
 *
 * @type {string | undefined}
 */
export const REPOSITORY = undefined;

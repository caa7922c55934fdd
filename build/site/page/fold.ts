/** The list of pages is open beside the page, and folded above it: before it is drawn. A script without imports, so that none waits. */

const list = document.currentScript!.previousElementSibling!.querySelector("details")!;
const wide = matchMedia("(min-width: 60rem)");
const fold = () => {
  list.open = wide.matches;
};
fold();
wide.addEventListener("change", fold);
list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });

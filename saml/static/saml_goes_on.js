// Goes on by itself where the page would otherwise wait for its one button to be pressed.
const next = document.querySelector("[data-goes-on]");
if (next instanceof HTMLFormElement) {
  next.requestSubmit();
} else if (next) {
  window.location.replace(next.href);
}

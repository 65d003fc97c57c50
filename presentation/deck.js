// Arrow keys, space and a presenter's remote go from slide to slide; without it, scrolling does.
const slides = [...document.querySelectorAll("section")];
const steps = { ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1 };
addEventListener("keydown", (event) => {
  const step = steps[event.key];
  if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  const tops = slides.map((slide) => Math.abs(slide.getBoundingClientRect().top));
  const here = tops.indexOf(Math.min(...tops));
  slides[Math.min(Math.max(here + step, 0), slides.length - 1)].scrollIntoView();
});

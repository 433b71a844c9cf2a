"use strict";
// Shows the memory at the pointer, or at a place chosen by the arrow keys. The page is complete without it.
(() => {
  const plot = document.querySelector(".plot");
  const data = document.getElementById("timeline-data");
  if (plot && data) {
    const points = JSON.parse(data.textContent);
    const cursor = plot.querySelector(".cursor");
    const readout = document.querySelector(".readout");
    let chosen = -1;
    const show = (number) => {
      chosen = Math.max(0, Math.min(points.length - 1, number));
      const [at, size] = points[chosen];
      cursor.setAttribute("x1", at + "%");
      cursor.setAttribute("x2", at + "%");
      cursor.setAttribute("visibility", "visible");
      readout.textContent = size + " at " + at.toFixed(1) + " % of the step";
    };
    const hide = () => {
      cursor.setAttribute("visibility", "hidden");
      readout.textContent = "";
      chosen = -1;
    };
    plot.addEventListener("pointermove", (event) => {
      const box = plot.getBoundingClientRect();
      const at = (100 * (event.clientX - box.left)) / box.width;
      let best = 0;
      points.forEach((point, number) => {
        if (Math.abs(point[0] - at) < Math.abs(points[best][0] - at)) best = number;
      });
      show(best);
    });
    plot.addEventListener("pointerleave", hide);
    plot.addEventListener("blur", hide);
    plot.addEventListener("keydown", (event) => {
      if (event.key === "Escape") hide();
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      event.preventDefault();
      show(chosen + (event.key === "ArrowRight" ? 1 : -1));
    });
  }
  // On paper nothing can be unfolded.
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((details) => { details.open = true; });
  });
})();

// What lies over the points: rings around some of them, and the shape that is being drawn.

/**
 * Draws anew. `ringed` are numbers of points that were found, `pointed` the one under the pointer or -1; `shape` is null or
 * `{points, mode}` in pixels.
 */
export function drawMarks(canvas, ratio, plane, { places, size, ringed, pointed, shape, colours }) {
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, plane.width, plane.height);
  const { ink, accent, paper } = colours;
  const ring = (index, radius, colour) => {
    const [left, top] = plane.toScreen(places[2 * index], places[2 * index + 1]);
    context.beginPath();
    context.arc(left, top, radius, 0, 2 * Math.PI);
    context.lineWidth = 4;
    context.strokeStyle = `rgb(${paper.join(" ")} / .8)`;
    context.stroke();
    context.lineWidth = 2;
    context.strokeStyle = colour;
    context.stroke();
  };
  for (const index of ringed) ring(index, size / 2 + 4, accent);
  if (pointed >= 0) ring(pointed, size / 2 + 3, `rgb(${ink.join(" ")})`);
  if (shape) outline(context, shape, accent);
}

function outline(context, { points, mode }, colour) {
  context.beginPath();
  points.forEach(([left, top]) => context.lineTo(left, top));
  context.closePath();
  context.fillStyle = colour;
  context.globalAlpha = 0.12;
  context.fill("evenodd");
  context.globalAlpha = 1;
  context.lineWidth = 1.5;
  context.strokeStyle = colour;
  context.setLineDash(mode === "remove" ? [3, 4] : []);
  context.stroke();
  context.setLineDash([]);
}

// What mouse, fingers and pen do on a map: move it, enlarge it, draw around points.

const still = 4; // pixels within which a press is no drag

/**
 * Follows pointers and the wheel. `tool()` is "move", "lasso" or "box".
 *
 * Calls `onHover(place)` with the place of the pointer, null when it leaves; `onClick(place, event)`; `onShape(points, mode,
 * isFinished)` with a shape being drawn, in pixels of the stage; mode is "replace", "add" or "remove". `onShape(null)` when
 * a shape is given up.
 */
export function followMap(stage, plane, { tool, onHover, onClick, onShape }) {
  const pointers = new Map();
  let drag = null;

  const place = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.x, event.clientY - box.y];
  };
  const mode = ({ shiftKey, altKey }) => (altKey ? "remove" : shiftKey ? "add" : "replace");

  function pinch() {
    const [first, second] = [...pointers.values()];
    return {
      middle: [(first[0] + second[0]) / 2, (first[1] + second[1]) / 2],
      distance: Math.hypot(first[0] - second[0], first[1] - second[1]),
    };
  }

  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    const amount = event.deltaY * [1, 33, 400][event.deltaMode];
    plane.enlarge(Math.exp(-Math.max(-240, Math.min(240, amount)) / 400), place(event));
    if (!drag) onHover(place(event));
  }, { passive: false });

  stage.addEventListener("pointerdown", (event) => {
    if (event.button > 1 || event.target.closest("button, a")) return;
    stage.focus({ preventScroll: true });
    stage.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
    if (pointers.size === 2) {
      if (drag?.kind === "shape") onShape(null);
      drag = { kind: "pinch", ...pinch() };
      return;
    }
    const isShape = event.button === 0 && (tool() !== "move" || event.shiftKey || event.altKey);
    drag = {
      kind: isShape ? "shape" : "move", isBox: tool() === "box", start: place(event), last: place(event),
      points: [place(event)], isDrag: false,
    };
  });

  function shape(event) {
    if (!drag.isBox) return drag.points;
    const [[left, top], [right, bottom]] = [drag.start, place(event)];
    return [[left, top], [right, top], [right, bottom], [left, bottom]];
  }

  stage.addEventListener("pointermove", (event) => {
    const now = place(event);
    if (!drag || !pointers.has(event.pointerId)) {
      onHover(event.target.closest?.("#card") ? null : now);
      return;
    }
    pointers.set(event.pointerId, now);
    if (drag.kind === "pinch") {
      if (pointers.size < 2) return;
      const { middle, distance } = pinch();
      plane.move(middle[0] - drag.middle[0], middle[1] - drag.middle[1]);
      if (drag.distance > 0) plane.enlarge(distance / drag.distance, middle);
      Object.assign(drag, { middle, distance });
      return;
    }
    if (!drag.isDrag && Math.hypot(now[0] - drag.start[0], now[1] - drag.start[1]) < still) return;
    drag.isDrag = true;
    onHover(null);
    if (drag.kind === "move") {
      plane.move(now[0] - drag.last[0], now[1] - drag.last[1]);
    } else {
      // All places that the pointer was at, also between two frames.
      for (const each of event.getCoalescedEvents?.() ?? []) drag.points.push(place(each));
      drag.points.push(now);
      onShape(shape(event), mode(event), false);
    }
    drag.last = now;
  });

  function end(event, isGivenUp) {
    if (!pointers.delete(event.pointerId) || !drag) return;
    const { kind, isDrag } = drag;
    if (kind === "shape" && isDrag) {
      if (isGivenUp) onShape(null);
      else onShape(shape(event), mode(event), true);
    } else if (isDrag && kind === "move") {
      onHover(event.pointerType === "mouse" ? place(event) : null);
    } else if (!isDrag && kind === "move" && event.button === 0 && !isGivenUp) {
      onClick(place(event), event);
    }
    drag = pointers.size === 0 ? null : { kind: "move", start: [...pointers.values()][0], last: [...pointers.values()][0], isDrag: true };
  }
  stage.addEventListener("pointerup", (event) => end(event, false));
  for (const name of ["pointercancel", "lostpointercapture"]) stage.addEventListener(name, (event) => end(event, true));
  stage.addEventListener("pointerleave", () => { if (!drag) onHover(null); });
  stage.addEventListener("mousedown", (event) => { if (event.button === 1) event.preventDefault(); });
  stage.addEventListener("dragstart", (event) => event.preventDefault());

  return {
    /** Whether something is being dragged. */
    get isBusy() { return drag !== null; },
    giveUp() {
      if (drag?.kind !== "shape") return false;
      drag = null;
      pointers.clear();
      onShape(null);
      return true;
    },
  };
}

// What a wheel, a mouse and fingers do on the stage.

const wheelStep = 40; // pixels of turning to one image

/** The wheel goes from image to image, with Ctrl it enlarges. */
export function followWheel(stage, view, { isAlone, step }) {
  let turned = 0; // not yet a whole step
  stage.addEventListener("wheel", (event) => {
    const amount = event.deltaY * [1, 33, 400][event.deltaMode];
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      view.enlarge(Math.exp(-Math.max(-120, Math.min(120, amount)) / 400), { x: event.clientX, y: event.clientY });
      return;
    }
    if (isAlone()) return; // the page scrolls
    event.preventDefault();
    turned = Math.sign(amount) === Math.sign(turned) ? turned + amount : amount;
    if (Math.abs(turned) < wheelStep) return;
    const direction = Math.sign(turned);
    turned = 0;
    step(direction);
  }, { passive: false });
}

/**
 * Dragging changes the window, with Shift or the middle button it moves the image; two fingers move and enlarge it.
 *
 * `window()` is the one shown, null before there is an image; `setWindow(center, width)` takes another.
 */
export function followPointers(stage, view, { window, setWindow }) {
  const pointers = new Map();
  let drag = null;

  function pinch() {
    const [first, second] = [...pointers.values()];
    return {
      x: (first.clientX + second.clientX) / 2, y: (first.clientY + second.clientY) / 2,
      distance: Math.hypot(first.clientX - second.clientX, first.clientY - second.clientY),
    };
  }

  function begin(event) {
    if (event.button > 1 || !window()) return;
    stage.focus({ preventScroll: true });
    stage.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
    const isMove = event.shiftKey || event.button === 1;
    drag = pointers.size === 2 ? { kind: "pinch", ...pinch() }
      : { kind: isMove ? "move" : "window", x: event.clientX, y: event.clientY, window: window() };
  }

  function follow(event) {
    if (!drag || !pointers.has(event.pointerId)) return;
    pointers.set(event.pointerId, event);
    if (drag.kind === "pinch") {
      const now = pinch();
      view.move(now.x - drag.x, now.y - drag.y);
      if (drag.distance > 0) view.enlarge(now.distance / drag.distance, now);
      Object.assign(drag, now);
      return;
    }
    const [right, down] = [event.clientX - drag.x, event.clientY - drag.y];
    if (right === 0 && down === 0) return;
    if (drag.kind === "move") {
      view.move(right, down);
      [drag.x, drag.y] = [event.clientX, event.clientY];
    } else {
      // The width of the window is 256 pixels of the screen.
      const step = drag.window.width / 256;
      setWindow(drag.window.center + down * step, drag.window.width + right * step);
    }
  }

  function end(event) {
    pointers.delete(event.pointerId);
    drag = null;
  }

  stage.addEventListener("pointerdown", begin);
  stage.addEventListener("pointermove", follow);
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) stage.addEventListener(name, end);
  // Neither the browser's own scrolling nor its dragging of pictures.
  stage.addEventListener("mousedown", (event) => { if (event.button === 1) event.preventDefault(); });
  stage.addEventListener("dragstart", (event) => event.preventDefault());
}

// Draws points: with WebGL 2 where a graphics card does it, else pixel by pixel. Both show the same.

/** An order of the points that shows no class before another, the same each time (Fisher and Yates, xorshift). */
function shuffled(count) {
  const order = new Uint32Array(count);
  let state = 2463534242;
  for (let index = 0; index < count; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const other = (state >>> 0) % (index + 1);
    order[index] = order[other];
    order[other] = index;
  }
  return order;
}

/**
 * Draws on a canvas. `order` is that in which points are drawn, and in which `setColours` takes their colours: a 32-bit
 * number each with red in its lowest byte; a point whose opacity is 0 is not drawn.
 */
export function makePlot(canvas, places) {
  const order = shuffled(places.length / 2);
  const ordered = new Float32Array(places.length);
  for (let at = 0; at < order.length; at += 1) {
    ordered[2 * at] = places[2 * order[at]];
    ordered[2 * at + 1] = places[2 * order[at] + 1];
  }
  return Object.assign(plotOn(canvas, ordered), { order });
}

const options = { alpha: false, antialias: false, depth: false, stencil: false };

/**
 * The quickest plot that there is; the address may ask for one: `?draw=webgl`, `?draw=pixels`. WebGL without a graphics
 * card takes longer than the pixels themselves. A canvas that WebGL has failed on is no use for anything else and replaced.
 */
function plotOn(canvas, places) {
  const asked = new URLSearchParams(location.search).get("draw");
  const gl = asked === "webgl" || (asked !== "pixels" && hasGraphicsCard()) ? canvas.getContext("webgl2", options) : null;
  if (!gl) return new PixelPlot(canvas, canvas.getContext("2d", { alpha: false }), places);
  try {
    return new GLPlot(canvas, gl, places);
  } catch {
    const other = canvas.cloneNode();
    canvas.replaceWith(other);
    return new PixelPlot(other, other.getContext("2d", { alpha: false }), places);
  }
}

/** Whether WebGL is done by more than the processor. */
function hasGraphicsCard() {
  const gl = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (!gl) return false;
  const facts = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(facts ? facts.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return !/swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}

const vertexSource = `#version 300 es
in vec2 place;
in vec4 colour;
uniform vec2 middle;
uniform vec2 scale;
uniform float size;
out vec4 shade;
void main() {
  shade = colour;
  gl_Position = colour.a == 0.0 ? vec4(2.0, 2.0, 2.0, 1.0) : vec4((place - middle) * scale, 0.0, 1.0);
  gl_PointSize = size;
}`;

const fragmentSource = `#version 300 es
precision highp float;
in vec4 shade;
uniform float size;
out vec4 result;
void main() {
  float edge = size * (0.5 - length(gl_PointCoord - 0.5)) + 0.5;
  if (edge <= 0.0) discard;
  result = vec4(shade.rgb, shade.a * min(edge, 1.0));
}`;

class GLPlot {
  kind = "WebGL";
  canvas;
  #gl;
  #uniforms;
  #colours;
  #places;
  onLost = () => {};

  constructor(canvas, gl, places) {
    [this.canvas, this.#gl, this.#places] = [canvas, gl, places];
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.#prepare();
      this.onLost();
    });
    this.#prepare();
  }

  #prepare() {
    const gl = this.#gl;
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, vertexSource], [gl.FRAGMENT_SHADER, fragmentSource]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.bindAttribLocation(program, 0, "place");
    gl.bindAttribLocation(program, 1, "colour");
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(gl.getProgramInfoLog(program));
    gl.useProgram(program);
    this.#uniforms = Object.fromEntries(["middle", "scale", "size"].map((name) => [name, gl.getUniformLocation(program, name)]));
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, this.#places, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    this.#colours = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#colours);
    gl.bufferData(gl.ARRAY_BUFFER, this.#places.length * 2, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(1);
    gl.vertexAttribPointer(1, 4, gl.UNSIGNED_BYTE, true, 0, 0);
    gl.enable(gl.BLEND);
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  setColours(colours) {
    const gl = this.#gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#colours);
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, new Uint8Array(colours.buffer));
  }

  /** - count: of the points, in their order; - size: the diameter in pixels of the canvas. */
  draw(plane, { count, size, ratio, paper }) {
    const gl = this.#gl;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(paper[0] / 255, paper[1] / 255, paper[2] / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(this.#uniforms.middle, plane.x, plane.y);
    gl.uniform2f(
      this.#uniforms.scale, (2 * plane.scale * ratio) / this.canvas.width, (2 * plane.scale * ratio) / this.canvas.height);
    gl.uniform1f(this.#uniforms.size, size);
    gl.drawArrays(gl.POINTS, 0, count);
  }
}

class PixelPlot {
  kind = "2D canvas";
  canvas;
  #context;
  #places;
  #colours = new Uint32Array(0);
  #picture = null;

  constructor(canvas, context, places) {
    [this.canvas, this.#context, this.#places] = [canvas, context, places];
  }

  setColours(colours) { this.#colours = colours; }

  draw(plane, { count, size, ratio, paper }) {
    const { width, height } = this.canvas;
    if (this.#picture?.width !== width || this.#picture?.height !== height) this.#picture = this.#context.createImageData(width, height);
    const pixels = new Uint32Array(this.#picture.data.buffer);
    pixels.fill(0xff000000 | (paper[2] << 16) | (paper[1] << 8) | paper[0]);
    const scale = plane.scale * ratio;
    const [left, top] = [width / 2 - plane.x * scale, height / 2 + plane.y * scale];
    const radius = size / 2;
    const disc = discOf(radius);
    const reach = Math.ceil(radius);
    for (let at = 0; at < count; at += 1) {
      const colour = this.#colours[at];
      const opacity = colour >>> 24;
      if (opacity === 0) continue;
      const [red, green] = [colour & 0xff00ff, colour & 0x00ff00]; // red and blue at once
      const column = Math.round(left + this.#places[2 * at] * scale - 0.5);
      const row = Math.round(top - this.#places[2 * at + 1] * scale - 0.5);
      if (column < reach || row < reach || column >= width - reach || row >= height - reach) continue;
      const middle = row * width + column;
      for (let part = 0; part < disc.length; part += 3) {
        const place = middle + disc[part + 1] * width + disc[part];
        const share = (disc[part + 2] * (opacity + 1)) >> 8;
        const below = pixels[place];
        pixels[place] = 0xff000000
          | (((below & 0xff00ff) + (Math.imul(red - (below & 0xff00ff), share) >> 8)) & 0xff00ff)
          | (((below & 0x00ff00) + (Math.imul(green - (below & 0x00ff00), share) >> 8)) & 0x00ff00);
      }
    }
    this.#context.putImageData(this.#picture, 0, 0);
  }
}

/** Column, row and covered part, 0...256, of the pixels of a disc. */
function discOf(radius) {
  const parts = [];
  const reach = Math.ceil(radius);
  for (let y = -reach; y <= reach; y += 1) {
    for (let x = -reach; x <= reach; x += 1) {
      const share = Math.round(256 * Math.max(0, Math.min(1, radius + 0.5 - Math.hypot(x, y))));
      if (share > 0) parts.push(x, y, share);
    }
  }
  return new Int32Array(parts);
}

// Colours of points: for categories those of the figures and more, told apart also without red or green; for numbers
// viridis. Each for light paper and for dark.

const further = {
  light: ["#56b4e9", "#cc79a7", "#999933", "#882255", "#44aa99", "#332288", "#b2762a", "#aa4499", "#117733", "#c9b13c", "#e0558b", "#88ccee", "#707070"],
  dark: ["#8fd0ff", "#ff9ecb", "#a8a84a", "#c06a8f", "#5fd3c0", "#9a8cff", "#d9a05b", "#d070c8", "#4fb36a", "#efe07a", "#ff7aa5", "#6db6d8", "#b0b0b0"],
};
const viridis = ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"];
const scheme = matchMedia("(prefers-color-scheme: dark)");

/** Categories with a colour of their own. */
export const mostColours = 20;

function numbers(text) {
  const digits = text.trim().replace("#", "");
  return [0, 2, 4].map((at) => parseInt(digits.slice(at, at + 2), 16));
}

/** The page's colours as they are now: `[red, green, blue]` each. */
export function palette() {
  const style = getComputedStyle(document.documentElement);
  const own = (name) => style.getPropertyValue(name).trim();
  const series = Array.from({ length: 7 }, (_, index) => own(`--series-${index}`));
  return {
    categories: [...series, ...further[scheme.matches ? "dark" : "light"]].map(numbers),
    paper: numbers(own("--raised")), others: numbers(own("--muted")),
    missing: mix(numbers(own("--muted")), numbers(own("--raised")), 0.55), ink: numbers(own("--ink")), accent: own("--accent"),
  };
}

export const mix = (from, to, share) => from.map((value, index) => Math.round(value + (to[index] - value) * share));

/** A colour for 0...1; the end that the paper swallows is left out. */
export function shade(share) {
  const [low, high] = scheme.matches ? [0.14, 1] : [0, 0.93];
  const place = (low + (high - low) * Math.max(0, Math.min(1, share))) * (viridis.length - 1);
  const at = Math.min(viridis.length - 2, Math.floor(place));
  return mix(numbers(viridis[at]), numbers(viridis[at + 1]), place - at);
}

export const css = ([red, green, blue]) => `rgb(${red} ${green} ${blue})`;
/** As points take it. */
export const packed = ([red, green, blue], opacity) => ((Math.round(opacity * 255) << 24) | (blue << 16) | (green << 8) | red) >>> 0;

export function whenSchemeChanges(body) { scheme.addEventListener("change", body); }

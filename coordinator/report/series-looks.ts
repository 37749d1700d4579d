/** How several series of one plot are distinguished: eight colours, and shapes beside them. */

/** Okabe and Ito's colours, distinguishable by colour-blind readers, the blue lighter for dark backgrounds, and two more. */
export const PALETTE = [
  '#1b7fbd',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#8c6d31',
  '#7f7f7f',
] as const;

/** As many as have no common divisor with 8 but 1, so that 40 series differ in colour or shape. */
const SHAPES = ['circle', 'square', 'triangle-up', 'diamond', 'cross'] as const;

const DASHES = [
  [1, 0],
  [7, 3],
  [2, 3],
  [9, 3, 2, 3],
  [1, 2],
] as const;

const MOST = PALETTE.length * SHAPES.length;

/** Letters of a legend, in pixels: without a browser, Vega takes one to be 0.8 of the font size wide. */
export const LEGEND_FONT_SIZE = 13;
const LETTER = 0.8 * LEGEND_FONT_SIZE;
const SYMBOL = 35;

export interface Looks {
  /** Channels of every layer. */
  readonly color: object;
  /** Of lines; left out where colours are enough. */
  readonly strokeDash?: object;
  /** Of points. */
  readonly shape: object;
}

/**
 * Colour, dash and shape by series, in the given order. `legend` false, a single series, or more than can be distinguished: without a
 * legend. `width`: that of the plot, in pixels. Labels are never cut.
 */
export function looksOf(names: readonly string[], width: number, legend = true): Looks {
  const domain = [...new Set(names)];
  const shown = legend && domain.length > 1 && domain.length <= MOST;
  const shared = shown
    ? { title: null, columns: legendColumns(domain, width), labelLimit: 0, symbolFillColor: null }
    : null;
  const channel = (range: readonly unknown[]) => ({
    field: 'series',
    type: 'nominal',
    scale: { domain, range },
    legend: shared,
  });
  return {
    color: channel(domain.map((_, i) => PALETTE[i % PALETTE.length])),
    shape: channel(domain.map((_, i) => SHAPES[i % SHAPES.length])),
    ...(domain.length > PALETTE.length && {
      strokeDash: channel(domain.map((_, i) => DASHES[Math.floor(i / PALETTE.length) % DASHES.length])),
    }),
  };
}

/** As many as fit below a plot. */
function legendColumns(names: readonly string[], width: number): number {
  const longest = Math.max(...names.map((name) => name.length)) * LETTER;
  return Math.max(1, Math.floor(width / (longest + SYMBOL)));
}

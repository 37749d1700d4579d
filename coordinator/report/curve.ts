/** What plots are made of. */

/** A Vega-Lite specification, as plain data. */
export type PlotSpec = Readonly<Record<string, unknown>>;

/** A picture for the report: `plots/<name>.svg` and, with its caption, a part of the page. */
export interface Figure {
  readonly name: string;
  readonly caption: string;
  readonly spec: PlotSpec;
}

/** A curve: what it is called in the legend, and its points in ascending x. */
export interface Series {
  readonly name: string;
  readonly points: readonly CurvePoint[];
}

/** `low` and `high` draw a band around y. */
export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}

export interface Axis {
  /** With its unit. */
  readonly title: string;
  readonly scale?: 'linear' | 'log' | 'symlog' | undefined;
  readonly format?: string | undefined;
  readonly domain?: readonly [number, number] | undefined;
}

import type { PlotSpec } from './curve.js';
import { PALETTE } from './series-looks.js';

const SIZE = 340;
/** More numbers than this on one circle touch each other. */
const MAX_LABELS = 48;

/**
 * Nodes 0 to nodeCount - 1 on a circle, the first at the top, clockwise; one line an edge. In a directed graph a triangle
 * near its end shows where an edge leads. Loops are not drawn.
 */
export function graphPicture(
  nodeCount: number,
  edges: readonly (readonly [number, number])[],
  directed = false,
): PlotSpec {
  const nodes = Array.from({ length: nodeCount }, (_, node) => ({ node: String(node), ...place(node, nodeCount) }));
  const lines = edges
    .filter(([from, to]) => from !== to)
    .map(([from, to]) => ({ ...place(from, nodeCount), ...end(to, nodeCount), edge: `${from} to ${to}` }));
  const labelled = nodeCount <= MAX_LABELS;
  const position = (field: string) => ({ field, type: 'quantitative', axis: null, scale: { domain: [-1.1, 1.1] } });
  const layer: object[] = [
    {
      data: { values: lines },
      mark: { type: 'rule', opacity: lines.length > 400 ? 0.15 : 0.45, strokeWidth: lines.length > 400 ? 0.8 : 1.4 },
      encoding: { x2: { field: 'x2' }, y2: { field: 'y2' } },
    },
    ...(directed ? [arrows(lines)] : []),
    {
      data: { values: nodes },
      mark: { type: 'circle', opacity: 1, color: PALETTE[0], size: labelled ? 420 : Math.max(12, 6000 / nodeCount) },
    },
  ];
  if (labelled) {
    layer.push({
      data: { values: nodes },
      mark: { type: 'text', color: '#fff', fontSize: 12, fontWeight: 600 },
      encoding: { text: { field: 'node' } },
    });
  }
  return { width: SIZE, height: SIZE, encoding: { x: position('x'), y: position('y') }, layer };
}

function place(node: number, nodeCount: number): { readonly x: number; readonly y: number } {
  const angle = (2 * Math.PI * node) / nodeCount;
  return { x: round(Math.sin(angle)), y: round(Math.cos(angle)) };
}

function end(node: number, nodeCount: number): { readonly x2: number; readonly y2: number } {
  const { x, y } = place(node, nodeCount);
  return { x2: x, y2: y };
}

function round(value: number): number {
  return Number(value.toFixed(4));
}

function arrows(lines: readonly { x: number; y: number; x2: number; y2: number }[]): object {
  const values = lines.map(({ x, y, x2, y2 }) => {
    // A node's circle hides the last 0.08 or so of its edges.
    const length = Math.hypot(x2 - x, y2 - y);
    const share = Math.max(0.5, 1 - 0.13 / length);
    const degrees = (Math.atan2(x2 - x, y2 - y) * 180) / Math.PI;
    return { x: round(x + share * (x2 - x)), y: round(y + share * (y2 - y)), degrees: round(degrees) };
  });
  return {
    data: { values },
    mark: { type: 'point', shape: 'triangle', filled: true, size: 70, color: 'currentColor', opacity: 0.75 },
    encoding: { angle: { field: 'degrees', type: 'quantitative', scale: null } },
  };
}

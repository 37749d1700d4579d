import { GradswarmError } from '../../errors.js';
import { count } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { defineTopology, fixed } from '../family.js';
import { nearestSquare, torus } from '../graphs.js';

function sides(
  { rows, columns }: { readonly rows: number | null; readonly columns: number | null },
  clientCount: number,
): readonly [number, number] {
  const square = nearestSquare(clientCount);
  const height = rows ?? (columns === null ? square[0] : clientCount / columns);
  const width = columns ?? clientCount / height;
  if (height * width !== clientCount || !Number.isInteger(height) || !Number.isInteger(width))
    throw new GradswarmError(
      'ERR_SCENARIO',
      `topology: expected rows * columns = ${clientCount} clients, got rows ${rows} and columns ${columns}`,
    );
  if (height < 2 || width < 2)
    throw new GradswarmError(
      'ERR_SCENARIO',
      `topology: expected at least 2 rows and 2 columns, got ${height} x ${width} for ${clientCount} clients; ` +
        "a torus of one row is the topology 'ring'",
    );
  return [height, width];
}

export default defineTopology({
  name: 'torus',
  summary: 'A grid that wraps at both borders; of rows and columns that are both null, the most nearly square',
  settings: defineSettings({
    rows: count(null, 'Rows; null: by columns'),
    columns: count(null, 'Columns; null: by rows'),
  }),
  create: (settings, clientCount) => fixed(torus(...sides(settings, clientCount))),
});

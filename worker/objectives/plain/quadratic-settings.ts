import { count, flag, list, number, oneOf, positive } from '../../../protocol/settings/kinds.js';
import { required } from '../../../protocol/settings/setting.js';
import { type Conflict, defineSettings, type SettingsOf } from '../../../protocol/settings/settings.js';

export const quadraticSettings = defineSettings({
  dimension: count(10, 'd: numbers of the parameters'),
  curvature: oneOf(
    ['diagonal', 'full'],
    'diagonal',
    'Diagonal matrices, or eigenvectors in random directions, each client its own',
  ),
  smallestEigenvalue: positive(1, 'Of every matrix'),
  largestEigenvalue: positive(10, 'Of every matrix'),
  sameCurvature: flag(false, "All clients have client 0's curvature"),
  centreSpread: number(1, "Standard deviation, per coordinate, of the clients' centres around 0"),
  examples: count(1, 'Examples a client has'),
  exampleSpread: number(
    0,
    "Standard deviation, per coordinate, of a client's examples around its centre: the noise of minibatches",
  ),
  matrices: list(
    list(number(required, 'An entry'), required, 'Entries'),
    [],
    'Given instead of drawn: for each client its diagonal (d numbers) or its matrix (d^2 numbers, row by row)',
  ),
  centres: list(
    list(number(required, 'An entry'), required, 'Entries'),
    [],
    'Given instead of drawn: for each client d numbers',
  ),
  initialValue: number(0, 'Every coordinate of the initial parameters'),
})
  .and(({ smallestEigenvalue, largestEigenvalue }) =>
    largestEigenvalue >= smallestEigenvalue
      ? null
      : { at: 'largestEigenvalue', expected: `at least smallestEigenvalue = ${smallestEigenvalue}` },
  )
  .and(({ dimension, matrices }) => matrixConflict(matrices, dimension))
  .and(({ dimension, centres }) =>
    centres.every((centre) => centre.length === dimension)
      ? null
      : { at: 'centres', expected: `dimension = ${dimension} numbers for each client` },
  );

export type QuadraticSettings = SettingsOf<typeof quadraticSettings>;

function matrixConflict(matrices: readonly (readonly number[])[], dimension: number): Conflict | null {
  for (const [client, matrix] of matrices.entries()) {
    if (matrix.length !== dimension && matrix.length !== dimension * dimension)
      return {
        at: `matrices.${client}`,
        expected: `${dimension} (diagonal) or ${dimension * dimension} numbers`,
        got: matrix,
      };
    if (matrix.length > dimension)
      for (let j = 0; j < matrix.length; j++)
        if (matrix[j] !== matrix[(j % dimension) * dimension + Math.floor(j / dimension)])
          return {
            at: `matrices.${client}`,
            expected: `a symmetric matrix, entry ${j} being its mirror image`,
            got: matrix,
          };
  }
  return null;
}

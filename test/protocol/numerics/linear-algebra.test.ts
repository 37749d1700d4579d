import { expect } from 'chai';
import { log } from '../../../protocol/numerics/elementary.js';
import {
  cholesky,
  choleskySolve,
  congruence,
  identity,
  linearSolve,
  logDeterminant,
  matrixProduct,
  matrixSquareRoot,
  matrixVector,
  packSymmetric,
  symmetricEigen,
  symmetricInverse,
  trace,
  transpose,
  unpackSymmetric,
} from '../../../protocol/numerics/linear-algebra.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { kronecker } from '../../support/kronecker.js';

const SIZE = 7;
const normal = (count: number, name: string) => Float64Array.from(rootStream(11, 'float64').derive(name).normal(count));
const general = normal(SIZE * SIZE, 'general');
const positive = congruence(general, identity(SIZE)); // g g^T

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(found.length).to.equal(expected.length);
  for (let i = 0; i < expected.length; i++) expect(found[i], `entry ${i}`).to.be.closeTo(expected[i]!, tolerance);
}

describe('protocol/numerics/linear-algebra', () => {
  it('products of known matrices: 2 x 3 times 3 x 2, a transpose, a matrix times a vector', () => {
    const a = Float64Array.of(1, 2, 3, 4, 5, 6);
    expectClose(transpose(a, 3), [1, 4, 2, 5, 3, 6], 0);
    expectClose(matrixProduct(a, transpose(a, 3), 3), [14, 32, 32, 77], 0);
    expectClose(matrixVector(a, Float64Array.of(1, 0, -1)), [-2, -2], 0);
    expect(() => matrixProduct(a, a, 4)).to.throw(RangeError, 'inner length 4');
  });

  it('Cholesky of [[4, 2], [2, 10]] is [[2, 0], [1, 3]]; an indefinite matrix is refused', () => {
    expectClose(cholesky(Float64Array.of(4, 2, 2, 10)), [2, 0, 1, 3], 0);
    expect(() => cholesky(Float64Array.of(1, 2, 2, 1))).to.throw(RangeError, 'positive definite');
  });

  it('solves and inverses undo the product (order 7, to 1e-10)', () => {
    const x = normal(SIZE, 'x');
    expectClose(choleskySolve(cholesky(positive), matrixVector(positive, x)), x, 1e-10);
    expectClose(linearSolve(general, matrixVector(general, x)), x, 1e-10);
    expectClose(matrixProduct(symmetricInverse(positive), positive, SIZE), identity(SIZE), 1e-10);
    const columns = normal(SIZE * 3, 'columns');
    expectClose(linearSolve(general, matrixProduct(general, columns, SIZE)), columns, 1e-10);
  });

  it('elimination pivots: a zero in the corner is solved, a singular matrix is refused', () => {
    expectClose(linearSolve(Float64Array.of(0, 2, 3, 1), Float64Array.of(4, 5)), [1, 2], 0);
    expect(() => linearSolve(Float64Array.of(1, 2, 2, 4), Float64Array.of(1, 1))).to.throw(RangeError, 'singular');
  });

  it('eigenvalues of [[2, 1], [1, 2]] are 1 and 3; vectors rebuild a matrix of order 7 and are orthonormal', () => {
    expectClose(symmetricEigen(Float64Array.of(2, 1, 1, 2)).values, [1, 3], 1e-15);
    const { values, vectors } = symmetricEigen(positive);
    const diagonal = identity(SIZE).map((entry, i) => entry * values[Math.floor(i / SIZE)]!);
    expectClose(congruence(vectors, diagonal), positive, 1e-12);
    expectClose(congruence(vectors, identity(SIZE)), identity(SIZE), 1e-13);
    expect(values.reduce((sum, value) => sum + value, 0)).to.be.closeTo(trace(positive), 1e-12);
  });

  it('the square root squares back, and ln det is the sum of the logarithms of the eigenvalues', () => {
    const root = matrixSquareRoot(positive);
    expectClose(matrixProduct(root, root, SIZE), positive, 1e-12);
    const sum = symmetricEigen(positive).values.reduce((total, value) => total + Math.log(value), 0);
    expect(logDeterminant(positive, log)).to.be.closeTo(sum, 1e-10);
  });

  it('(a kron a) applied to e row by row is a e a^T', () => {
    expectClose(matrixVector(kronecker(general, general), positive), congruence(general, positive), 1e-12);
  });

  it('packing keeps n (n + 1) / 2 numbers of the upper triangle and is undone exactly', () => {
    expectClose(packSymmetric(Float64Array.of(1, 2, 3, 2, 4, 5, 3, 5, 6)), [1, 2, 3, 4, 5, 6], 0);
    const symmetric = symmetricInverse(positive);
    expect(packSymmetric(symmetric).length).to.equal(28);
    expectClose(unpackSymmetric(packSymmetric(symmetric)), symmetric, 0);
    expect(() => unpackSymmetric(new Float64Array(4))).to.throw(RangeError, 'got 4');
  });
});

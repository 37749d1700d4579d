import type { HeapAddress } from '../foreign/heap-address.js';
import type { Multiply } from '../simd/multiply.js';
import { HeapPrimitive, Made } from './heap-primitive.js';
import type { Onednn } from './onednn.js';

/** Products by oneDNN, with bias and relu in the same pass. `empty`: those of no depth. */
export function onednnMultiply(onednn: Onednn, base: HeapAddress, empty: Multiply): Multiply {
  const primitives = new Made<HeapPrimitive>();
  return (product) => {
    const { a, transposeA, b, transposeB, c, rows, columns, depth, bias, relu, adds, count = 1 } = product;
    if (rows === 0 || columns === 0 || count === 0) return;
    if (depth === 0) return empty(product);
    const hasBias = bias !== 0;
    const key = [count, rows, columns, depth, transposeA, transposeB, hasBias, relu, adds].join();
    const primitive = primitives.get(key, () => {
      const matrix = (high: number, wide: number, transposed: boolean) =>
        onednn.layout([count, high, wide], [high * wide, transposed ? 1 : wide, transposed ? high : 1]);
      const src = matrix(rows, depth, transposeA);
      const weights = matrix(depth, columns, transposeB);
      const dst = matrix(rows, columns, false);
      const added = hasBias ? onednn.layout([1, 1, columns], [columns, columns, 1]) : 0;
      const description = onednn.matmul(src, weights, added, dst, onednn.attributes({ adds, relu }));
      return new HeapPrimitive(onednn, base, description, { src, weights, dst, ...(hasBias && { bias: added }) });
    });
    if (hasBias) primitive.run(a, b, c, bias);
    else primitive.run(a, b, c);
  };
}

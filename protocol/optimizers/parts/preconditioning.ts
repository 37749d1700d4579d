/**
 * Adam's direction without momentum and bias correction, g / (sqrt(beta2 v + (1 - beta2) g^2) + epsilon), in place; v is the
 * second moment before this gradient. An entry whose root is 0 becomes 0.
 */
export function preconditionInto(
  gradient: Float64Array,
  square: { readonly [index: number]: number },
  { beta2, epsilon }: { readonly beta2: number; readonly epsilon: number },
): void {
  for (let i = 0; i < gradient.length; i++) {
    const g = gradient[i]!;
    const root = Math.sqrt(beta2 * square[i]! + (1 - beta2) * g * g) + epsilon;
    gradient[i] = root === 0 ? 0 : g / root;
  }
}

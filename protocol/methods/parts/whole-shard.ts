/** Every example of a shard, as one batch. */
export function wholeShard(exampleCount: number): Uint32Array {
  return Uint32Array.from({ length: exampleCount }, (_, i) => i);
}

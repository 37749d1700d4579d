/**
 * Values by key that can be made again at any time: the first so many are kept, and no others. A cache that replaced old ones by new
 * ones would hold each value for some rounds, and one that is collected later takes more memory and time than one that is not kept.
 */
export class KeptValues<K, V> {
  private readonly values = new Map<K, V>();

  constructor(private readonly most: number) {}

  get(key: K): V | undefined {
    return this.values.get(key);
  }

  /** Returns the value, whether it is kept or not. */
  add(key: K, value: V): V {
    if (this.values.size < this.most) this.values.set(key, value);
    return value;
  }
}

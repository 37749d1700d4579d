import type { Integers, ReadonlyVector, Vector } from '../method.js';
import type { AnyPayload } from '../wire/encoded-message.js';
import type { KindLayout } from '../wire/layout.js';
import { ExactSum } from './exact-sum.js';

type Value = ReadonlyVector | Integers | number;

/** The sum of every field over messages of one kind: exact, so that neither order nor grouping counts. Kinds with bytes have none. */
export class FieldSums {
  private readonly fields: readonly string[];
  private readonly sums: ReadonlyMap<string, ExactSum>;
  /** The first value of each field: later ones must have its length, and the sum gets its type. */
  private readonly likes = new Map<string, Value>();
  private added = 0;

  /** `bound`: largest magnitude of an entry. `terms`: most messages. */
  constructor(
    private readonly layout: KindLayout,
    bound: number,
    terms: number,
  ) {
    this.fields = [...layout.vectors, ...layout.integers, ...layout.scalars];
    this.sums = new Map(this.fields.map((field) => [field, new ExactSum(bound, terms)]));
  }

  /** Messages added. */
  get count(): number {
    return this.added;
  }

  /** False, and nothing added, when an entry is beyond the bound or a field has another length than before. */
  add(message: AnyPayload): boolean {
    const values = this.fields.map((field) => {
      const value = message[field] as Value;
      return {
        field,
        value,
        sum: this.sums.get(field)!,
        terms: typeof value === 'number' ? Float64Array.of(value) : value,
      };
    });
    if (!values.every(({ sum, terms }) => sum.fits(terms))) return false;
    for (const { field, value, sum, terms } of values) {
      sum.add(terms);
      if (!this.likes.has(field)) this.likes.set(field, value);
    }
    this.added++;
    return true;
  }

  /** Of messages without integers: each vector's sum, then each scalar's; exact, so that `addAll` elsewhere gives the sum of all. */
  get parts(): readonly Float64Array[] {
    return this.fields.map((field) => this.sums.get(field)!.exact);
  }

  /** `parts` of so many messages that were summed elsewhere. `like`: a vector as theirs. False, and nothing added, where they are of no such messages. */
  addAll(parts: readonly Float64Array[], messages: number, like: Vector): boolean {
    if (!this.fields.every((field, i) => this.sums.get(field)!.fitsExact(parts[i]!, messages))) return false;
    for (const [i, field] of this.fields.entries()) {
      this.sums.get(field)!.addExact(parts[i]!);
      if (!this.likes.has(field)) this.likes.set(field, this.layout.scalars.includes(field) ? 0 : like);
    }
    this.added += messages;
    return true;
  }

  /** `empty`: a vector of no numbers, the sum of a vector that no message had. */
  value(empty: Vector): AnyPayload {
    return Object.fromEntries(this.fields.map((field) => [field, this.sumOf(field, empty)]));
  }

  private sumOf(field: string, empty: Vector): Vector | Int32Array | number {
    const like = this.likes.get(field) ?? (this.layout.scalars.includes(field) ? 0 : empty);
    const exact = this.sums.get(field)!;
    if (typeof like === 'number') return exact.number();
    if (like instanceof Int32Array || like instanceof Uint32Array)
      return Int32Array.from(exact.vector(new Float64Array(like.length)));
    return exact.vector(like as ReadonlyVector);
  }
}

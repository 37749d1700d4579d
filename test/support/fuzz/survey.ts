import fc from 'fast-check';
import { type ErrorCode, GradswarmError } from '../../../protocol/errors.js';

/** One reader of bytes that come from elsewhere. */
export interface Reader<I = Uint8Array> {
  readonly name: string;
  readonly inputs: fc.Arbitrary<I>;
  /** What it may refuse an input with; anything else that it throws is a fault. */
  readonly refuses: readonly ErrorCode[];
  /** Reads. Throws an Error that is no GradswarmError when what was read breaks a promise. */
  read(input: I): void;
  /** Share of the inputs that it gets, compared with the others; 1 when left out. */
  readonly weight?: number;
}

export interface Tried {
  readonly name: string;
  readonly inputs: number;
  readonly read: number;
  readonly refused: number;
  /** Most that one input took, milliseconds. */
  readonly slowestMs: number;
}

/** No reader has a reason to take as long for one small input, however loaded the machine. */
const HANG_MS = 5000;

/** Reads so many inputs. A text, with the smallest input in hexadecimal and the seed that finds it, when one breaks the reader. */
export function tried<I>(reader: Reader<I>, inputs: number, seed: number): Tried | string {
  let read = 0;
  let refused = 0;
  let slowestMs = 0;
  const property = fc.property(reader.inputs, (input) => {
    const started = performance.now();
    try {
      reader.read(input);
      read++;
    } catch (error) {
      if (!(error instanceof GradswarmError) || !reader.refuses.includes(error.code)) throw error;
      refused++;
    }
    const tookMs = performance.now() - started;
    if (tookMs > HANG_MS) throw new Error(`took ${Math.round(tookMs)} ms`);
    slowestMs = Math.max(slowestMs, tookMs);
  });
  const result = fc.check(property, { seed, numRuns: inputs, endOnFailure: false });
  if (result.failed)
    return (
      `${reader.name}, seed ${seed}, path ${result.counterexamplePath}: ${shown(result.counterexample?.[0])}\n` +
      `${(result.errorInstance as Error | undefined)?.stack ?? 'no error'}`
    );
  return { name: reader.name, inputs, read, refused, slowestMs };
}

function shown(input: unknown): string {
  if (input instanceof Uint8Array) return `hex ${Buffer.from(input).toString('hex')}`;
  const { file, bytes } = (input ?? {}) as { readonly file?: string; readonly bytes?: Uint8Array };
  return file !== undefined && bytes instanceof Uint8Array ? `${file}, ${shown(bytes)}` : fc.stringify(input);
}

/** The table of what was tried, as lines of Markdown. Codecs are one row. */
export function surveyTable(rows: readonly Tried[]): string[] {
  const isCodec = ({ name }: Tried) => name.startsWith('codec ');
  const codecs = rows.filter(isCodec);
  const sum = (of: 'inputs' | 'read' | 'refused') => codecs.reduce((total, row) => total + row[of], 0);
  const together = { name: 'codec payloads', inputs: sum('inputs'), read: sum('read'), refused: sum('refused') };
  const shown = [...rows.filter((row) => !isCodec(row)), ...(codecs.length > 0 ? [together] : [])];
  return [
    '| reader | inputs | read | refused |',
    '| --- | --- | --- | --- |',
    ...shown.map(({ name, inputs, read, refused }) => `| ${name} | ${inputs} | ${read} | ${refused} |`),
  ];
}

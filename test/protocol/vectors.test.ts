import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { CodecSpec } from '../../protocol/codecs/codec.js';
import { loadCodec, loadMemory } from '../../protocol/codecs/registry.js';
import { type ErrorCode, GradswarmError } from '../../protocol/errors.js';
import type { Precision, Rng, Vector } from '../../protocol/method.js';
import { loadMethod } from '../../protocol/method-loader.js';
import { cosineOfTurns, exp, log, log1p, sineOfTurns } from '../../protocol/numerics/elementary.js';
import { rootStream, threefryBlock } from '../../protocol/numerics/random.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { resolveTiny } from '../../scenarios/check/parts/tiny-problems.js';
import { runTiny } from '../../scenarios/check/parts/tiny-run.js';

type Path = readonly (readonly (string | number)[])[];

interface Streams {
  readonly blocks: readonly {
    readonly key: readonly string[];
    readonly counter: readonly string[];
    readonly block: readonly string[];
  }[];
  readonly derivations: readonly {
    readonly meaning: string;
    readonly seed: number;
    readonly path: Path;
    readonly words: readonly string[];
  }[];
  readonly draws: readonly {
    readonly meaning: string;
    readonly seed: number;
    readonly path: Path;
    readonly calls: readonly {
      readonly call: keyof typeof draw;
      readonly arguments: readonly number[];
      readonly result: unknown;
    }[];
  }[];
  readonly functions: Readonly<
    Record<keyof typeof functions, readonly { readonly x: string; readonly result: string }[]>
  >;
}

interface Codecs {
  readonly stream: { readonly seed: number; readonly path: Path };
  readonly valid: readonly {
    readonly meaning: string;
    readonly codec: CodecSpec;
    readonly precision: Precision;
    readonly values: readonly string[];
    readonly body: string;
    readonly decoded: readonly string[];
  }[];
  readonly memories: readonly {
    readonly memory: CodecSpec;
    readonly codec: CodecSpec;
    readonly precision: Precision;
    readonly messages: readonly {
      readonly value: readonly string[];
      readonly body: string;
      readonly received: readonly string[];
      readonly lost: boolean;
      readonly state: Readonly<Record<string, readonly string[]>>;
    }[];
  }[];
  readonly invalid: readonly {
    readonly meaning: string;
    readonly codec: CodecSpec;
    readonly length: number;
    readonly body: string;
    readonly code: ErrorCode;
  }[];
}

interface Runs {
  readonly runs: readonly {
    readonly scenario: ScenarioInput & { readonly method: { readonly name: string } };
    readonly stateDigest: string;
  }[];
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../test/vectors/${name}`, import.meta.url), 'utf8'));
}

const view = new DataView(new ArrayBuffer(8));
function hexOf(x: number): string {
  view.setFloat64(0, x);
  return view.getBigUint64(0).toString(16).padStart(16, '0');
}
function doubleOf(hex: string): number {
  view.setBigUint64(0, BigInt(`0x${hex}`));
  return view.getFloat64(0);
}
function vectorOf(hexes: readonly string[], precision: Precision): Vector {
  return (precision === 'float32' ? Float32Array : Float64Array).from(hexes.map(doubleOf));
}
const word = (value: number): string => value.toString(16).padStart(8, '0');
const pair = (texts: readonly string[]) => texts.map((text) => Number.parseInt(text, 16)) as [number, number];

const functions = { log, log1p, exp, cosineOfTurns, sineOfTurns };
const draw = {
  uniform: (rng: Rng) => hexOf(rng.uniform()),
  below: (rng: Rng, bound: number) => rng.below(bound),
  words: (rng: Rng, length: number) => [...rng.words(new Uint32Array(length))].map(word),
  normal: (rng: Rng, length: number) => [...rng.normal(length)].map(hexOf),
  permutation: (rng: Rng, length: number) => [...rng.permutation(length)],
  batch: (rng: Rng, count: number, size: number) => [...rng.batch(count, size)],
  poisson: (rng: Rng, count: number, probability: number) => [...rng.poisson(count, probability)],
};

function streamAt(seed: number, path: Path): Rng {
  return path.reduce((stream, elements) => stream.derive(...elements), rootStream(seed, 'float64'));
}

describe('Test vectors of the protocol, derived from its text by an independent script', () => {
  describe('random streams', () => {
    const { blocks, derivations, draws, functions: tables } = read('streams.json') as Streams;

    it('Threefry gives the published blocks', () => {
      for (const { key, counter, block } of blocks)
        expect(threefryBlock(pair(key), pair(counter)).map(word)).to.deep.equal(block);
    });

    for (const { meaning, seed, path, words } of derivations)
      it(`a path names its stream: ${meaning}`, () => {
        expect(draw.words(streamAt(seed, path), words.length)).to.deep.equal(words);
      });

    for (const { meaning, seed, path, calls } of draws)
      it(`draws: ${meaning}`, () => {
        const rng = streamAt(seed, path);
        for (const {
          call,
          arguments: [first = 0, second = 0],
          result,
        } of calls)
          expect(draw[call](rng, first, second), call).to.deep.equal(result);
      });

    for (const name of Object.keys(tables) as (keyof typeof functions)[])
      it(`${name} has the bits of the text's polynomial`, () => {
        for (const { x, result } of tables[name])
          expect(hexOf(functions[name](doubleOf(x))), `${doubleOf(x)}`).to.equal(result);
      });
  });

  describe('codec payloads', () => {
    const { stream, valid, memories, invalid } = read('codecs.json') as Codecs;

    for (const { meaning, codec: spec, precision, values, body, decoded } of valid)
      it(`${spec.name}, ${precision}: ${meaning}`, async () => {
        const codec = await loadCodec(spec);
        const value = vectorOf(values, precision);
        const encoded = codec.encode(value, streamAt(stream.seed, stream.path));
        expect(Buffer.from(encoded).toString('hex')).to.equal(body);
        const bytes = new Uint8Array(Buffer.from(body, 'hex'));
        expect([...codec.decode(bytes, value.length, precision)].map(hexOf)).to.deep.equal(decoded);
      });

    for (const { memory: memorySpec, codec: spec, precision, messages } of memories)
      it(`memory ${memorySpec.name} over ${spec.name}, ${precision}: four messages, the third lost`, async () => {
        const codec = await loadCodec(spec);
        const memory = await loadMemory(memorySpec);
        let state = memory.init(messages[0]!.value.length, precision);
        for (const message of messages) {
          const value = vectorOf(message.value, precision);
          const prepared = memory.prepare(state, value);
          const body = codec.encode(prepared, streamAt(stream.seed, stream.path));
          expect(Buffer.from(body).toString('hex')).to.equal(message.body);
          const decoded = codec.decode(body, value.length, precision);
          expect(Array.from(memory.deliveredValue(state, decoded), hexOf)).to.deep.equal(message.received);
          state = memory[message.lost ? 'lost' : 'settle'](state, value, prepared, decoded);
          const entries = Object.entries(state as Record<string, Float64Array>);
          const got = Object.fromEntries(entries.map(([key, vector]) => [key, [...vector].map(hexOf)]));
          expect(got).to.deep.equal(message.state);
        }
      });

    for (const { meaning, codec: spec, length, body, code } of invalid)
      it(`${spec.name} refuses ${meaning}`, async () => {
        const codec = await loadCodec(spec);
        const bytes = new Uint8Array(Buffer.from(body, 'hex'));
        expect(() => codec.decode(bytes, length, 'float32'))
          .to.throw(GradswarmError)
          .with.property('code', code);
      });
  });

  describe('whole runs', () => {
    for (const { scenario, stateDigest } of (read('runs.json') as Runs).runs)
      it(`${scenario.method.name} in ${scenario.precision} ends in the digest that the script computed`, async () => {
        const method = await loadMethod(scenario.method.name);
        const { digest } = await runTiny(await resolveTiny(method, scenario), method);
        expect(digest).to.equal(stateDigest);
      });
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { writeIndices } from '../../protocol/codecs/bits/sparse-indices.js';
import { buildCodec, codecs, memories } from '../../protocol/codecs/registry.js';
import { linkTime } from '../../protocol/links/link-time.js';
import { loadMethod } from '../../protocol/method-loader.js';
import { rootStream, threefryBlock } from '../../protocol/numerics/random.js';
import { decodeState, encodeState } from '../../protocol/party/state-codec.js';
import { scenarioSettings } from '../../protocol/scenario/schema.js';
import { DEFAULT_DEVICE, DEFAULT_LINK, kindCodecSettings } from '../../protocol/scenario/schema-parts.js';
import { PATHS } from '../../protocol/sockets/paths.js';
import { done, settle } from '../../protocol/wire/control-messages.js';
import { KindLayout } from '../../protocol/wire/layout.js';
import { builtInNames } from '../../scenarios/plug-ins/extension-points.js';
import { codeIn, type MarkdownTable, resultOf, tablesOf } from '../support/markdown-tables.js';

const file = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');
const vectors = (name: string) => JSON.parse(file(`test/vectors/${name}.json`));

/** Source text of all folders, for words that only a call has. */
const sources = (folder: string): string =>
  readdirSync(fileURLToPath(new URL(`../../../${folder}`, import.meta.url)), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => file(`${folder}/${path}`))
    .join('\n');

const column = ({ rows }: MarkdownTable, index: number): string[] => rows.map((row) => row[index]!);
const row = ({ rows }: MarkdownTable, first: string): readonly string[] => rows.find(([cell]) => cell === first)!;
const keysOf = (shape: object): string[] => Object.keys(shape);

/** Tables that are written by hand, by page and by what stands in their first heading cell, each held to the code. */
const HELD: Readonly<Record<string, Readonly<Record<string, (table: MarkdownTable) => void | Promise<void>>>>> = {
  'protocol.md': {
    path(table) {
      const paths = column(table, 0).map((cell) => codeIn(cell)[0]!.replace(/^GET |\?.*$/g, ''));
      expect([...paths, PATHS.peers]).to.have.members(Object.values(PATHS));
      expect(file('docs/protocol.md')).to.include(`\`${PATHS.peers}?key=`);
    },
    field(table) {
      const kind = { vectors: ['v'], integers: ['i'], bytes: ['b'], scalars: ['s'], lossy: 'none' } as never;
      const layout = new KindLayout('kind', 0, kind, 'float64');
      const payload = { v: Float64Array.of(1, 2, 3), i: Int32Array.of(-1), b: Uint8Array.of(5, 6), s: 0.5 };
      const { fixed } = layout.pack(payload, null);
      const view = new DataView(fixed.buffer);
      const parts: Readonly<Record<string, readonly number[]>> = {
        vector: [3, 24],
        integers: [1, 1],
        bytes: [2, 0],
        scalar: [0.5],
      };
      expect(column(table, 0)).to.deep.equal(keysOf(parts));
      let at = 0;
      for (const [name, fixedPart] of table.rows) {
        const read = [...fixedPart!.matchAll(/u32|f64/g)].map(([type]) => {
          const value = type === 'u32' ? view.getUint32(at, true) : view.getFloat64(at, true);
          at += type === 'u32' ? 4 : 8;
          return value;
        });
        expect(read, name).to.deep.equal(parts[name!]);
      }
      expect(at).to.equal(fixed.byteLength);
    },
    settle(table) {
      const named = [...column(table, 0), ...column(table, 1)].join(' ').match(/abandoned|voided|undelivered/g)!;
      const outcomes = keysOf(settle.shape).filter((key) => !['round', 'attempt', 'cohort'].includes(key));
      expect([...new Set(named)]).to.have.members(outcomes);
    },
    event(table) {
      const link = { ...DEFAULT_LINK, jitterMs: 7, bandwidthMbps: 3 };
      const stream = () => ({ uniform: () => 0.25 }) as never;
      const [, delay] = row(table, 'delay of a frame');
      const words = { ...link, 'uniform of its stream': 0.25, 'bytes on the wire': 1234 };
      const numbers = Object.fromEntries(Object.entries(words).filter(([, value]) => typeof value === 'number'));
      expect(resultOf(delay!.split(';')[0]!, numbers as never)).to.equal(linkTime(link, 1234, stream));
      const times = column(table, 1).flatMap((cell) => codeIn(cell));
      for (const setting of ['msPerRound', 'msPerExample', 'nsPerParameterCoded']) expect(times).to.include(setting);
    },
    key(table) {
      const [first] = table.rows;
      return first![0] === '`seed`, `precision`, `clients`, `rounds`' ? scenarioKeys(table) : reports(table);
    },
    tag(table) {
      const tagOf = (value: unknown) => encodeState(value)[0]!;
      expect(row(table, '0, 1, 2')[1]).to.equal('null, false, true');
      expect([null, false, true].map(tagOf)).to.deep.equal([0, 1, 2]);
      for (const [tag, value] of [
        ['3', -5],
        ['4', 0.5],
        ['5', 'text'],
        ['6', []],
        ['7', {}],
      ] as const) {
        expect(row(table, tag), tag).to.not.equal(undefined);
        expect(tagOf(value)).to.equal(Number(tag));
      }
      const [range, types] = table.rows.at(-1)!;
      const names = types!.replace('typed array: ', '').split(', ');
      const [from, to] = range!.split(' … ').map(Number);
      const arrays = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array];
      const all = [...arrays, Float32Array, Float64Array, BigInt64Array, BigUint64Array];
      expect(names).to.have.lengthOf(all.length);
      expect(to! - from! + 1).to.equal(all.length);
      for (const [i, type] of all.entries()) {
        const short = type.name
          .replace('BigInt', 'i')
          .replace('BigUint', 'u')
          .replace('Array', '')
          .replace('Uint', 'u');
        const expected = short.replace('Int', 'i').replace('Float', 'f').replace('Clamped', ' clamped');
        expect(names[i]).to.equal(expected);
        expect(tagOf(new type(2))).to.equal(from! + i);
      }
      // The bounds of integers, and the sign of zero.
      expect([2 ** 51 - 1, 1 - 2 ** 51, 2 ** 51, -0].map(tagOf)).to.deep.equal([3, 3, 4, 4]);
      expect([...encodeState(-3)]).to.deep.equal([3, 2 * 3 - 1]);
      expect(() => decodeState(Uint8Array.of(27, 0))).to.throw();
    },
  },
  'protocol-codecs.md': {
    codec(table) {
      const names = column(table, 0).map((cell) => codeIn(cell)[0]!);
      const helpers = ['codec', 'memory', 'registry'];
      expect(names).to.have.members(builtInNames(codecs).filter((name) => !helpers.includes(name)));
      const { valid, invalid } = vectors('codecs');
      for (const list of [valid, invalid]) {
        const tried = new Set(list.map(({ codec }: { codec: { name: string } }) => codec.name));
        // Its body is that of a codec of its ladder, behind which its index stands.
        expect([...tried, 'adaptive']).to.have.members(names);
      }
    },
    async 'codec in use'(table) {
      const stochastic = ['bf16', 'fp16', 'int8-linear'];
      const sparse = ['top-k', 'threshold'];
      const named = column(table, 0)
        .slice(0, -1)
        .flatMap((cell) => codeIn(cell).filter((code) => !code.includes('values')));
      const names = builtInNames(codecs).filter((name) => !['codec', 'memory', 'registry', 'adaptive'].includes(name));
      await codecs.loadAll(names);
      for (const name of names) {
        const settings = { name, ...(sparse.includes(name) && { values: { name: 'natural' } }) };
        const coins = stochastic.includes(name) ? { rounding: 'stochastic' } : {};
        const codec = buildCodec({ ...settings, ...coins } as never);
        expect(codec.expectedSquaredError !== undefined, name).to.equal(named.includes(name));
        if (Object.keys(coins).length > 0 || sparse.includes(name))
          expect(buildCodec({ name }).expectedSquaredError, name).to.equal(undefined);
      }
      // Of three entries of which the fraction of a level is known.
      const [, qsgd] = row(table, '`qsgd`');
      expect(qsgd).to.match(/^Σ f \(1 − f\) \(n \/ s\)²/);
      const error = buildCodec({ name: 'qsgd', levels: 2, norm: 'max' }).expectedSquaredError!;
      expect(error(Float64Array.of(8, 1, 0))).to.equal(0.25 * 0.75 * (8 / 2) ** 2);
    },
    'first bit'(table) {
      const bitOf = (k: number) => {
        const bytes = new Uint8Array(8);
        writeIndices(Uint32Array.of(1, 4), { k, bytes: 8 }, bytes, 0);
        return { bit: bytes[0]! & 1, k: (bytes[0]! >> 1) & 31 };
      };
      expect(table.rows.map(([bit, code]) => [bit, code])).to.deep.equal([
        ['0', 'Rice'],
        ['1', 'bitmap'],
      ]);
      expect(bitOf(3)).to.deep.equal({ bit: 0, k: 3 });
      expect(bitOf(-1).bit).to.equal(1);
      expect(row(table, '0')[2]).to.match(/^k in 5 bits/);
    },
    async memory(table) {
      const names = column(table, 0).flatMap((cell) => codeIn(cell));
      expect(names).to.have.members(builtInNames(memories));
      await memories.loadAll(names);
      const { memories: tried } = vectors('codecs');
      for (const name of names) {
        const { settings, create } = memories.get(name);
        expect(
          tried.some(({ memory }: { memory: { name: string } }) => memory.name === name),
          name,
        ).to.equal(true);
        // The text names the vectors of each state.
        const states = Object.keys(create(settings.defaults).init(1, 'float64') as object);
        for (const state of states)
          expect(file('docs/protocol-codecs.md')).to.match(new RegExp(`\`${name}\`[^|]*${state}: `));
      }
    },
  },
  'protocol-streams.md': {
    element(table) {
      const parent: [number, number] = [0x1234, 0x9876];
      const e = 7 * 2 ** 32 + 11;
      const [, key] = row(table, 'integer e, 0 ≤ e < 2⁵³');
      const [, low, high] = /block\(k0, k1, (.*), (.*)\)/.exec(codeIn(key!)[0]!)!;
      const counter = [resultOf(low!, { e }), resultOf(high!, { e })] as const;
      expect(counter).to.deep.equal([11, 14]);
      const end = /`block\(k0, k1, (0x\w+), (0x\w+)\)`/.exec(file('docs/protocol-streams.md'))!.slice(1).map(Number);
      const derived = threefryBlock(threefryBlock(parent, counter), end as [number, number]);
      // From the root of a seed, whose key is that of its block.
      const words = (stream: { words(into: Uint32Array): Uint32Array }) => [...stream.words(new Uint32Array(2))];
      const root = rootKey(end as [number, number]);
      const own = threefryBlock(threefryBlock(root, counter), end as [number, number]);
      expect(words(rootStream(5, 'float64').derive(e))).to.deep.equal([...threefryBlock(own, [0, 0])]);
      expect(derived).to.have.lengthOf(2);
      expect(row(table, 'text')[1]).to.include('`block(k0, k1, a, b or 1)`');
    },
    stream(table) {
      const text = `${sources('protocol')}${sources('worker')}${sources('coordinator')}${sources('scenarios/run')}`;
      const names = column(table, 1).flatMap((cell) => [...cell.matchAll(/'([a-z-]+)'/g)].map(([, name]) => name!));
      expect(names).to.include.members(['party', 'round', 'init', 'shared', 'codec', 'post', 'edge', 'topology']);
      for (const name of new Set(names)) expect(text, name).to.match(new RegExp(`derive\\([^;]*'${name}'`));
    },
    draw(table) {
      const stream = rootStream(1, 'float64') as unknown as Readonly<Record<string, unknown>>;
      const names = column(table, 0).flatMap((cell) => codeIn(cell).map((code) => code.replace(/\(.*/, '')));
      const tried = new Set(
        vectors('streams').draws.flatMap(({ calls }: never) => (calls as { call: string }[]).map(({ call }) => call)),
      );
      for (const name of names) {
        expect(stream[name], name).to.be.a('function');
        expect(tried.has(name), name).to.equal(true);
      }
    },
    constant(table) {
      const written = [...file('protocol/numerics/elementary.ts').matchAll(/-?\d\.\d+(?:e-?\d+)?/g)].map(([text]) =>
        Number(text),
      );
      for (const [names, values] of table.rows) {
        const numbers = values!.split(', ').map((text) => Number(text.replace('−', '-')));
        const [, first, last] = /^\w+?(\d)? ?… ?\w+?(\d)$/.exec(names!) ?? [];
        expect(numbers).to.have.lengthOf(first ? Number(last) - Number(first) + 1 : names!.split(', ').length);
        for (const number of numbers)
          expect(
            written.some((each) => Math.abs(each) === Math.abs(number)),
            `${names} ${number}`,
          ).to.equal(true);
      }
    },
    async method(table) {
      for (const [cell, kinds] of table.rows) {
        const { messages } = await loadMethod(codeIn(cell!)[0]!);
        const names = Object.keys(messages).sort();
        const written = kinds!.split(' · ');
        expect(written.map((each) => `${each.slice(0, each.indexOf(' '))} ${codeIn(each)[0]}`)).to.deep.equal(
          names.map((name, index) => `${index} ${name}`),
        );
        for (const [index, name] of names.entries()) {
          const [, like] = /, as `(\w+)`/.exec(written[index]!) ?? [];
          const text = written[like ? names.indexOf(like) : index]!;
          const { from, to, vectors: v = [], scalars = [], integers = [], bytes = [] } = messages[name]!;
          expect(text).to.match(new RegExp(`, ${from} to ${to}: `));
          expect(codeIn(text.slice(text.indexOf(': ')))).to.deep.equal([...v, ...integers, ...bytes, ...scalars]);
        }
      }
    },
  },
};

/** Key of the root of seed 5: as the text says, `derive('run')` of the key (5, 0). */
function rootKey(end: [number, number]): readonly [number, number] {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (const character of 'run') {
    const unit = character.charCodeAt(0);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x5bd1e995);
    b ^= b >>> 15;
  }
  return threefryBlock(threefryBlock([5, 0], [a, b | 1]), end);
}

function scenarioKeys(table: MarkdownTable): void {
  const keys = column(table, 0).flatMap((cell) => codeIn(cell));
  expect(keysOf(scenarioSettings.shape)).to.include.members(keys);
  const named = (key: string) => row(table, `\`${key}\``)[1]!;
  for (const key of keysOf(DEFAULT_DEVICE)) expect(named('devices')).to.include(key);
  for (const key of keysOf(DEFAULT_LINK)) expect(named('links')).to.include(key);
  for (const key of keysOf(kindCodecSettings.shape)) expect(named('codecs')).to.include(key);
}

function reports(table: MarkdownTable): void {
  const own = ['epoch', 'generation', 'index', 'attempt'];
  const cells = column(table, 0).map((cell) => codeIn(cell)[0] ?? cell);
  const party = done.shape.parties.element.shape;
  expect([...cells, ...own]).to.have.members([...keysOf(done.shape), 'times', 'coding', 'unusedMessages']);
  for (const key of keysOf(party)) expect(row(table, '`parties`')[1], key).to.include(key);
  for (const key of keysOf(party.times.unwrap().shape)) expect(row(table, '`times`')[1], key).to.include(key);
  for (const key of keysOf(party.coding.shape.up.shape)) expect(row(table, '`coding`')[1], key).to.include(key);
  for (const key of keysOf(done.shape.absences.element.shape)) expect(row(table, '`absences`')[1], key).to.include(key);
  for (const key of keysOf(done.shape.bytes.shape.up.shape)) expect(row(table, '`bytes`')[1], key).to.include(key);
}

describe('tables of the protocol that are written by hand', () => {
  for (const [page, held] of Object.entries(HELD))
    describe(page, () => {
      const tables = tablesOf(file(`docs/${page}`));
      it('has no table that no test holds to the code', () => {
        expect(new Set(tables.map(({ head }) => head[0]))).to.deep.equal(new Set(Object.keys(held)));
      });

      for (const table of tables)
        it(`${table.head.join(', ')}: ${table.rows[0]![0]} …`, async () => {
          await held[table.head[0]!]!(table);
        });
    });
});

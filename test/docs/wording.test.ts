import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

/** Sources, tests and pages; the change log is history. */
const PLACES = [
  'coordinator',
  'docs',
  'protocol',
  'scenarios',
  'test',
  'worker',
  '.ci',
  'build.mjs',
  'join-modules.mjs',
];
const PAGES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md'];

/** Words of no field, and what is written instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  'hears?|heard': 'receives, received, in-neighbours',
  'tells?|told': 'sends, sent, reports, shows',
  said: 'reported, written',
  'nobody|somebody|everybody|whoever': 'no client, one client, every client, anyone who',
  weather: 'network model',
  workshop: 'problem',
  anew: 'again',
  'strangers?': 'clients that are not admitted',
  'for ever|forever|for good': 'without end, permanently',
  'speaks?|spoken': 'sends, follows',
  '(?:gives?|gave|given|giving) up': 'releases, abandons, aborted',
  'out of reach': 'unreachable',
  'go on|goes on|went on|gone on|going on': 'continue',
};

/** Names of state fields of earlier versions: digests cover them. */
const KEPT: readonly (readonly [file: string, word: string])[] = [
  ['protocol/methods/gossip/parts/compressed-gossip.ts', 'hears'],
  ['protocol/methods/gossip/parts/variance-reduced-aggregation.ts', 'told'],
];

/** The parts of an identifier: `toldBy` is told, by. */
const partsOf = (text: string): string =>
  text
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .replaceAll('_', ' ');

function filesIn(place: string): string[] {
  if (statSync(place).isFile()) return [place];
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs|cjs|md)$/.test(name))
    .map((name) => join(place, name));
}

describe('the words of the project', () => {
  const files = [...PLACES.flatMap(filesIn), ...PAGES].filter(
    (file) => file !== join('test', 'docs', 'wording.test.ts'),
  );
  const texts = files.map((file) => [file, partsOf(readFileSync(file, 'utf8'))] as const);

  for (const [words, instead] of Object.entries(INSTEAD))
    it(`${words}: written nowhere, nor in an identifier, but ${instead}`, () => {
      const found = texts.flatMap(([file, text]) =>
        [...text.matchAll(new RegExp(`\\b(${words})\\b`, 'gi'))]
          .filter(([word]) => !KEPT.some(([kept, field]) => kept === file && field === word))
          .map(({ 0: word, index }) => `${file}:${text.slice(0, index).split('\n').length}: ${word}`),
      );
      expect(found).to.deep.equal([]);
    });
});

import { readdirSync } from 'node:fs';
import { CHUNK_LAYOUT, FRAME_LAYOUT, LOSSES, MESSAGE_TYPE } from '../../protocol/wire/frame.js';
import { PROTOCOL_VERSION } from '../../protocol/wire/limits.js';
import { CONTROL_EVENTS, type ControlEvent, jsonSchemaOf, PACKED_TYPES } from '../../protocol/wire/message-table.js';

type JsonSchema = Readonly<Record<string, unknown>>;

/** A schema in the words of the tables: `{a: n, b: [text ≤ 9]}`. */
function wordsOf(schema: JsonSchema): string {
  const { anyOf, oneOf, enum: choices, const: value, type } = schema as Record<string, never>;
  const either = (anyOf ?? oneOf) as readonly JsonSchema[] | undefined;
  if (either) return either.map(wordsOf).join(' or ');
  if (choices) return (choices as readonly unknown[]).map((choice) => JSON.stringify(choice)).join(' or ');
  if (value !== undefined) return JSON.stringify(value);
  if (Array.isArray(type))
    return (type as readonly string[]).map((each) => wordsOf({ ...schema, type: each })).join(' or ');
  switch (type as string | undefined) {
    case 'object':
      return recordWords(schema);
    case 'array':
      return listWords(schema);
    case 'integer':
      return integerWords(schema);
    case 'string':
      return textWords(schema);
    case 'boolean':
      return 'bool';
    case undefined:
      return 'any';
    default:
      return String(type);
  }
}

function recordWords({ properties, required }: JsonSchema): string {
  if (!properties) return '{text: any}';
  const needed = new Set(required as readonly string[] | undefined);
  const members = Object.entries(properties as Readonly<Record<string, JsonSchema>>);
  return `{${members.map(([name, member]) => `${name}${needed.has(name) ? '' : '?'}: ${wordsOf(member)}`).join(', ')}}`;
}

function listWords({ items, prefixItems, maxItems }: JsonSchema): string {
  const each = prefixItems as readonly JsonSchema[] | undefined;
  if (each) return `[${each.map(wordsOf).join(', ')}]`;
  return `[${wordsOf((items ?? {}) as JsonSchema)}]${maxItems === undefined ? '' : ` ≤ ${maxItems}`}`;
}

function integerWords({ minimum, maximum }: JsonSchema): string {
  const least = (minimum as number) ?? -Number.MAX_SAFE_INTEGER;
  const most = (maximum as number) ?? Number.MAX_SAFE_INTEGER;
  if (most !== Number.MAX_SAFE_INTEGER) return `${least} … ${most}`;
  return least === 0 ? 'n' : 'integer';
}

function textWords({ pattern, maxLength }: JsonSchema): string {
  if (pattern === '^[\\da-f]{64}$') return 'SHA-256';
  return maxLength === undefined ? 'text' : `text ≤ ${maxLength}`;
}

function words(schema: ControlEvent['content']): string {
  if (schema === null) return '';
  return `\`${wordsOf(jsonSchemaOf(schema)).replaceAll('|', '\\|')}\``;
}

function table(head: readonly string[], rows: readonly (readonly unknown[])[]): string[] {
  const line = (cells: readonly unknown[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

/** Names of the files of a folder of codecs. */
function namesIn(folder: string): readonly string[] {
  return readdirSync(new URL(`../../protocol/codecs/${folder}`, import.meta.url))
    .filter((file) => file.endsWith('.js') && !['codec.js', 'memory.js', 'registry.js'].includes(file))
    .map((file) => file.replace('.js', ''))
    .sort();
}

export function protocolPage(note: string): string {
  const events = Object.entries(CONTROL_EVENTS as Readonly<Record<string, ControlEvent>>);
  const kinds = Object.entries(PACKED_TYPES).map(([type, schema]) => [type, words(schema)] as const);
  return `${[
    `# Protocol, version ${PROTOCOL_VERSION}: tables`,
    '',
    note,
    '',
    'What the tables mean stands in [protocol](protocol.md). `n`: integer ≥ 0; `?`: may be left out; `any`: as the text says (numbers that may',
    'be infinite, bytes, modules’ own). Records have exactly these keys.',
    '',
    '## Control messages',
    '',
    ...table(
      ['event', 'from', 'to', 'content', 'answer'],
      events.map(([name, { from, to, content, answer }]) => [`\`${name}\``, from, to, words(content), words(answer)]),
    ),
    '',
    '## Packed messages',
    '',
    ...table(['type', 'content'], kinds),
    '',
    '## Frames',
    '',
    ...table(
      ['first byte', 'message'],
      Object.entries(MESSAGE_TYPE).map(([name, byte]) => [byte, name]),
    ),
    '',
    'Header of a frame, little-endian:',
    '',
    ...table(['offset', 'type', 'field', 'meaning'], FRAME_LAYOUT),
    '',
    'Header of a chunk:',
    '',
    ...table(['offset', 'type', 'field', 'meaning'], CHUNK_LAYOUT),
    '',
    `Lost: 0 no, ${LOSSES.map((why, i) => `${i + 1} ${why}`).join(', ')}.`,
    '',
    '## Codecs and memories',
    '',
    'They are named, not numbered: a scenario says which kind has which.',
    '',
    ...table(['codecs', 'memories'], [[namesIn('').join(', '), namesIn('memories/').join(', ')]]),
  ].join('\n')}\n`;
}

/** Where a value does not fit a JSON Schema: paths, each with the keyword that fails. Knows the keywords that our schema has. */
export function misfits(value: unknown, schema: Schema, root: Schema = schema, path = ''): string[] {
  const inside = (part: unknown, at: unknown, where = path) => misfits(at, part as Schema, root, where);
  const fits = (part: unknown) => inside(part, value).length === 0;
  const found: string[] = [];
  for (const [keyword, wanted] of Object.entries(schema)) {
    if (ANNOTATIONS.has(keyword)) continue;
    if (keyword === '$ref') found.push(...inside(root.$defs![(wanted as string).replace('#/$defs/', '')], value));
    else if (keyword === 'allOf') for (const part of wanted as Schema[]) found.push(...inside(part, value));
    else if (keyword === 'anyOf') found.push(...((wanted as Schema[]).some(fits) ? [] : [`${path}: anyOf`]));
    else if (keyword === 'not') found.push(...(fits(wanted) ? [`${path}: not`] : []));
    else if (keyword === 'if') found.push(...inside((fits(wanted) ? schema.then : schema.else) ?? {}, value));
    else if (keyword === 'properties' && isObject(value)) {
      for (const [key, part] of Object.entries(wanted as object))
        if (key in value) found.push(...inside(part, value[key], `${path}.${key}`));
    } else if (keyword === 'additionalProperties' && isObject(value)) {
      for (const key of Object.keys(value).filter((key) => !(key in (schema.properties ?? {}))))
        found.push(
          ...(wanted === false ? [`${path}.${key}: additional`] : inside(wanted, value[key], `${path}.${key}`)),
        );
    } else if (keyword === 'items' && Array.isArray(value))
      for (const [index, one] of value.entries()) found.push(...inside(wanted, one, `${path}.${index}`));
    else if (!holds(keyword, wanted, value)) found.push(`${path}: ${keyword}`);
  }
  return found;
}

interface Schema {
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly properties?: object;
  readonly then?: unknown;
  readonly else?: unknown;
  readonly [keyword: string]: unknown;
}

const ANNOTATIONS = new Set(['$schema', '$defs', 'title', 'description', 'default', 'then', 'else']);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function holds(keyword: string, wanted: unknown, value: unknown): boolean {
  const number = typeof value === 'number' ? value : null;
  switch (keyword) {
    case 'type':
      return wanted === typeOf(value) || (wanted === 'number' && typeOf(value) === 'integer');
    case 'const':
      return value === wanted;
    case 'enum':
      return (wanted as unknown[]).includes(value);
    case 'required':
      return !isObject(value) || (wanted as string[]).every((key) => key in value);
    case 'pattern':
      return typeof value !== 'string' || new RegExp(wanted as string).test(value);
    case 'minLength':
      return typeof value !== 'string' || value.length >= (wanted as number);
    case 'minItems':
      return !Array.isArray(value) || value.length >= (wanted as number);
    case 'uniqueItems':
      return !Array.isArray(value) || new Set(value).size === value.length;
    case 'minimum':
      return number === null || number >= (wanted as number);
    case 'maximum':
      return number === null || number <= (wanted as number);
    case 'exclusiveMinimum':
      return number === null || number > (wanted as number);
    case 'exclusiveMaximum':
      return number === null || number < (wanted as number);
    case 'properties':
    case 'additionalProperties':
    case 'items':
      return true;
    default:
      throw new Error(`the keyword '${keyword}' is not known here`);
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

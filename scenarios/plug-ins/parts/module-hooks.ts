import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transform } from 'esbuild';
import { ADDRESS_OF, OWN } from './own-url.js';

/**
 * How Node loads modules of one's own, in its loader thread. They are ES modules whatever the package around them declares, TypeScript
 * is turned into JavaScript, `./tool.js` finds tool.ts, and 'gradswarm' is the package that runs, wherever they lie: a second
 * copy of it would know nothing of what this one has loaded.
 */

interface Context {
  readonly parentURL?: string | undefined;
  readonly conditions: readonly string[];
  readonly importAttributes: Readonly<Record<string, string>>;
}

interface Resolved {
  readonly url: string;
  readonly format?: string | null | undefined;
  readonly shortCircuit?: boolean;
}

/** Endings of the modules that are read here; others, such as JSON, are Node's. */
const MODULE = /\.([mc]?ts|tsx|m?js|jsx)$/;

/** What only ES modules have; JavaScript without it may be a CommonJS module. */
const SYNTAX = /^\s*(import|export)\b/m;

export async function resolve(
  specifier: string,
  context: Context,
  next: (specifier: string, context: Context) => Promise<Resolved>,
): Promise<Resolved> {
  if (/^gradswarm(\/|$)/.test(specifier))
    return next(ownAddress(specifier), { ...context, parentURL: import.meta.url });
  if (specifier.startsWith(ADDRESS_OF)) return addressOf(specifier, context, next);
  if (!isOwn(context.parentURL) && !isOwn(specifier)) return next(specifier, context);
  if (!/^(\.{1,2}\/|file:)/.test(specifier)) return next(specifier, context);
  const url = new URL(specifier, context.parentURL);
  url.search = '';
  const found = candidates(url.href).find((href) => existsSync(fileURLToPath(href)));
  if (found === undefined || !MODULE.test(found)) return next(url.href, context);
  return { url: `${found}${OWN}`, format: 'module', shortCircuit: true };
}

/** Of 'gradswarm/method': where sources are run directly its source, for the package's `exports` name what is compiled. */
function ownAddress(specifier: string): string {
  if (!import.meta.url.endsWith('.ts')) return specifier;
  const source = new URL(`../../api/${specifier.slice('gradswarm/'.length) || 'index'}.ts`, import.meta.url);
  return existsSync(fileURLToPath(source)) ? source.href : specifier;
}

/** The files that an import may mean: itself, or the TypeScript that its JavaScript is made from. */
function candidates(href: string): readonly string[] {
  const source = href.replace(/\.([mc]?)js$/, '.$1ts');
  return source === href && extname(new URL(href).pathname) === '' ? [`${href}.ts`, `${href}.js`] : [href, source];
}

export async function load(
  url: string,
  context: Context,
  next: (url: string, context: Context) => Promise<unknown>,
): Promise<unknown> {
  if (url.startsWith(ADDRESS_OF))
    return { format: 'module', source: `export default '${url.slice(ADDRESS_OF.length)}';`, shortCircuit: true };
  if (!isOwn(url)) return next(url, context);
  const path = fileURLToPath(url);
  const source = readFileSync(path, 'utf8');
  if (/\.m?js$/.test(path))
    return SYNTAX.test(source)
      ? { format: 'module', source, shortCircuit: true }
      : next(url.slice(0, -OWN.length), context);
  const { code } = await transform(source, {
    loader: /x$/.test(path) ? 'tsx' : 'ts',
    sourcefile: pathToFileURL(path).href,
    sourcemap: 'inline',
    target: `node${process.versions.node}`,
    logLevel: 'silent',
  });
  return { format: 'module', source: code, shortCircuit: true };
}

/** A module whose default export is the address of a package's module, as Node resolves it for its importer. */
async function addressOf(
  specifier: string,
  context: Context,
  next: (specifier: string, context: Context) => Promise<Resolved>,
): Promise<Resolved> {
  const [name, parentURL] = specifier.slice(ADDRESS_OF.length).split(' ').map(decodeURIComponent);
  const { url } = await next(name!, { ...context, parentURL });
  return { url: `${ADDRESS_OF}${url}`, format: 'module', shortCircuit: true };
}

function isOwn(url: string | undefined): boolean {
  return url?.endsWith(OWN) ?? false;
}

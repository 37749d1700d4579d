import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRecord } from '../../coordinator/run-directory/manifest.js';
import type { JsonObject } from '../../protocol/scenario/scenario.js';

export const STARTING_POINTS = ['method', 'codec', 'objective', 'dataset', 'scenario', 'project'] as const;
export type StartingPoint = (typeof STARTING_POINTS)[number];

/** Texts by path, relative to where the user is. */
export type Files = Readonly<Record<string, string>>;

const CLUSTERS = { name: 'gaussian-clusters', classes: 3, features: 5, examples: 600, testExamples: 100 };

/** The example of docs/examples that a module begins as, and the scenario that tries it. */
const MODULES: Readonly<
  Record<'method' | 'codec' | 'objective' | 'dataset', { readonly example: string; scenario(name: string): JsonObject }>
> = {
  method: {
    example: 'sign-vote',
    scenario: (name) => ({ method: { name, step: 0.02 }, data: CLUSTERS, expect: [above(0.5)] }),
  },
  codec: {
    example: 'power-of-two',
    scenario: (name) => ({ method: 'fedavg', data: CLUSTERS, codecs: { update: name }, expect: [above(0.5)] }),
  },
  objective: {
    example: 'huber-regression',
    scenario: (name) => ({
      method: { name: 'fedavg', clientLearningRate: 0.05 },
      objective: name,
      data: { name: 'linear-regression', examples: 600, testExamples: 100 },
    }),
  },
  dataset: {
    example: 'two-moons',
    scenario: (name) => ({ method: 'fedavg', objective: 'logistic-regression', data: name, expect: [above(0.7)] }),
  },
};

const above = (value: number): JsonObject => ({ name: 'above', of: 'finalAccuracy', value });

/** What `gradswarm new KIND NAME` writes: a small thing that keeps its contract, its test, and a scenario that runs. */
export function startingPoint(kind: StartingPoint, name: string): Files {
  if (kind === 'scenario') return { [`${name}.ts`]: scenarioText() };
  if (kind === 'project') return project(name);
  const { example, scenario } = MODULES[kind];
  const source = readFileSync(join(packageRecord().root, 'docs', 'examples', `${example}.ts`), 'utf8');
  return {
    [`${name}.ts`]: source.replaceAll(example, name),
    [`${name}.test.mjs`]: testText(name),
    [`${name}.json`]: json({ use: [`./${name}.ts`], ...scenario(name), clients: 5, rounds: 20 }),
  };
}

function project(name: string): Files {
  const { version } = packageRecord();
  const files: Files = {
    ...startingPoint('method', name),
    'package.json': json({
      name,
      private: true,
      type: 'module',
      scripts: {
        start: `gradswarm run ${name}.json`,
        check: `gradswarm check ${name}.ts`,
        test: 'node --test',
        types: 'tsc --noEmit',
      },
      dependencies: { gradswarm: `^${version}` },
      devDependencies: { '@types/node': '>=20', typescript: '>=5.9' },
    }),
    'tsconfig.json': json({
      compilerOptions: {
        strict: true,
        noUncheckedIndexedAccess: true,
        module: 'nodenext',
        target: 'es2022',
        types: ['node'],
        noEmit: true,
        allowImportingTsExtensions: true,
      },
      include: ['*.ts'],
    }),
    '.gitignore': 'node_modules/\nruns/\n',
  };
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`${name}/${path}`, text]));
}

function testText(name: string): string {
  return `// node --test
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { moduleClaims } from 'gradswarm/testing';

const file = fileURLToPath(new URL('./${name}.ts', import.meta.url));
for (const { title, run } of await moduleClaims(file)) test(title, run);
`;
}

function scenarioText(): string {
  return `import { above, scenario } from 'gradswarm/scenario';

export default scenario({
  description: 'Federated averaging on clusters, each client with some of the classes.',
  method: { name: 'fedavg', localEpochs: 1, clientLearningRate: 0.1 },
  objective: { name: 'softmax-regression' },
  data: { name: 'gaussian-clusters', classes: 5, examples: 2000, partition: { name: 'dirichlet', alpha: 0.5 } },
  clients: 10,
  rounds: 20,
  participation: { cohort: 5 },
  expect: [above({ of: 'finalAccuracy', value: 0.5 })],
});
`;
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

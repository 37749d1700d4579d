import { writeSection } from '../../scenarios/report/verification-page.js';
import { pythonWith } from '../system/python.js';
import { type Comparison, comparisons, NUMPY } from './comparisons.js';

/** `npm run verify:peers`: computes methods, graphs and codecs again in numpy and writes the agreement into docs/verification.md. */

function section(all: readonly Comparison[]): string[] {
  const shown = ({ difference, unit }: Comparison) => {
    if (unit === 'cases') return `${difference} differ`;
    return unit ? `${difference.toFixed(1)} ${unit}` : difference.toExponential(1);
  };
  const limitOf = ({ limit, unit }: Comparison) => (unit ? String(limit) : limit.toExponential(0));
  return [
    '## Beside numpy',
    '',
    `Written by \`npm run verify:peers\`. Code in ${NUMPY.replace('==', ' ')} (\`test/peers/numpy\`) computes again what runs computed. It was written from the`,
    'formulas of the papers and this documentation, before the code of the methods was read. *Difference*: the largest over all rounds, relative to',
    'the largest number; of laws and innovations of samplers, the largest deviation in standard errors; of bytes and sums, cases that are not equal.',
    '`npm run test:system` holds each to its limit.',
    '',
    '| what | difference | limit |',
    '| --- | --- | --- |',
    ...all.map((one) => `| ${one.item.replaceAll('|', '\\|')} | ${shown(one)} | ${limitOf(one)} |`),
  ];
}

const python = pythonWith(NUMPY);
if (!python) throw new Error('expected numpy, got none');
writeSection('peers', section(await comparisons(python)));

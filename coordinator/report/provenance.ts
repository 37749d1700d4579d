import type { Manifest } from '../run-directory/manifest.js';
import { html, type Markup } from './markup.js';
import { facts } from './report-page.js';

/** Where the numbers of a page come from: of a run, or of the first of several. */
export function provenance(manifest: Manifest): Markup {
  const { package: source, read } = manifest;
  const hash = (value: string | undefined) => value && html`<code>${value}</code>`;
  return facts([
    ['version', `${source.name} ${source.version}`],
    ['commit', manifest.commit ?? 'none: not a checkout'],
    ['device', devicesText(manifest)],
    ['transport', manifest.transport],
    ['precision', manifest.precision],
    ['Node.js', `${manifest.nodeVersion}, ${manifest.platform}`],
    ['data, SHA-256', hash(read?.data)],
    ['partition, SHA-256', hash(read?.partition)],
    ['initial parameters, SHA-256', hash(read?.initialParameters)],
    ...(manifest.traces ?? []).map(({ file, sha256 }) => [`trace ${file}, SHA-256`, hash(sha256)] as const),
    ['started', manifest.startedAt],
  ]);
}

function devicesText({ devices = [] }: Manifest): string {
  return devices
    .map(
      ({ backend, device, selfCheck }) =>
        `${backend} on ${device} (self-check ${selfCheck.passed ? 'passed' : 'FAILED'}: ${selfCheck.detail})`,
    )
    .join('; ');
}

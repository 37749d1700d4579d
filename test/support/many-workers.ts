import { runWorker } from '../../worker/main.js';

/** A process that is many workers, each with connections of its own: node many-workers.js URL COUNT, the token in GRADSWARM_TOKEN. */
const [url, count] = process.argv.slice(2);
const options = {
  device: null,
  peers: null,
  token: process.env.GRADSWARM_TOKEN!,
  trust: { ca: null },
  retryForMs: 60_000,
  note: () => {},
};
await Promise.all(
  Array.from({ length: Number(count) }, () => runWorker(url!, { ...options, signal: new AbortController().signal })),
);

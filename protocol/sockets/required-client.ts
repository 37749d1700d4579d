import { createRequire } from 'node:module';
import type * as client from 'socket.io-client';

const own = createRequire(import.meta.url);

/** socket.io-client, required: one build instead of modules that are searched one by one, 0.03 s for 0.08. */
export const { io } = own('socket.io-client') as typeof client;

/** Its build for `require` leaves out what it hands on. */
export const { NodeWebSocket } = createRequire(own.resolve('socket.io-client'))('engine.io-client') as Pick<
  typeof client,
  'NodeWebSocket'
>;

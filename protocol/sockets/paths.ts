/** What is served on the ports of a run, by path; docs/protocol.md says what each is. */
export const PATHS = {
  /** Without a secret. */
  health: '/health',
  challenge: '/challenge',
  control: '/socket.io/',
  frames: '/frames',
  /** On the port of a worker. */
  peers: '/peers',
} as const;

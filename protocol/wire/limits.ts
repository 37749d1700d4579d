/** Bounds that every reader of bytes checks before it allocates. */
export const LIMITS = {
  /** Largest body of one frame, bytes. */
  frameBodyBytes: 1 << 30,
  /** Bytes of a body that travel in one websocket message; larger bodies are cut. Up to here the receiver copies nothing. */
  chunkBytes: 1 << 20,
  /** Largest websocket message: one chunk and its header. */
  messageBytes: (4 << 20) + 256,
  /** Largest msgpack message (hello, seals, reports without states), bytes. */
  packedBytes: 64 << 20,
  /** Messages of one kind in one frame. */
  messagesPerFrame: 1 << 20,
  /** Bytes that may wait in a socket's send queue before senders are told to wait. */
  sendQueueBytes: 16 << 20,
  /** Bytes of the head of an HTTP request. */
  headerBytes: 8 << 10,
  /** A connection that has not been admitted in this time is closed, milliseconds. */
  handshakeMs: 10_000,
} as const;

/** Number of this wire format. Peers of another number are refused at hello. */
export const PROTOCOL_VERSION = 1;

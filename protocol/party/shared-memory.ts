/** Does some typed array of this plain data lie in that buffer? */
export function liesIn(state: unknown, buffer: ArrayBufferLike): boolean {
  if (ArrayBuffer.isView(state)) return state.buffer === buffer;
  if (typeof state !== 'object' || state === null) return false;
  return Object.values(state).some((member) => liesIn(member, buffer));
}

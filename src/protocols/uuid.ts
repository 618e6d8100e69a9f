/** UUIDs in their usual spelling (RFC 9562 §4). */

const spelt = (bytes: Uint8Array, version: number): string => {
  const own = Uint8Array.from(bytes)
  own[6] = ((own[6] ?? 0) & 0x0f) | (version << 4)
  own[8] = ((own[8] ?? 0) & 0x3f) | 0x80
  return Buffer.from(own)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** RFC 9562 §5.4, of 16 random bytes. */
export const uuidV4 = (random: Uint8Array): string => spelt(random, 4)

/** RFC 9562 §5.7: begins with the moment, so that later ones sort after earlier ones; of 10 random bytes. */
export const uuidV7 = (at: Date, random: Uint8Array): string => {
  const bytes = Buffer.alloc(16)
  bytes.writeUIntBE(at.getTime(), 0, 6)
  bytes.set(random.subarray(0, 10), 6)
  return spelt(bytes, 7)
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** In lower case, as ours are written. */
export const isUuid = (text: string): boolean => UUID.test(text)

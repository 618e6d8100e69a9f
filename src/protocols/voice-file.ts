/** What a recording is, by its own bytes: RIFF/WAVE, and Opus in Ogg (RFC 3533 §6, RFC 7845 §5.1). */

export type VoiceType = 'audio/opus' | 'audio/wav'
export const VOICE_TYPES = ['audio/opus', 'audio/wav'] as const satisfies readonly VoiceType[]

/** How much of a file's beginning, and of its end, is looked at; the longest page of Ogg fits into it. */
export const VOICE_EDGE_BYTES = 66_000

/** Opus counts at this rate, whatever it was recorded with (RFC 7845 §4). */
const OPUS_RATE = 48_000

const OGG_HEADER_BYTES = 27

const at = (bytes: Buffer, start: number, text: string): boolean =>
  bytes.toString('latin1', start, start + text.length) === text

/** Where the identification header of Opus begins; null: the first page holds none. */
const opusHead = (head: Buffer): number | null => {
  if (!at(head, 0, 'OggS')) return null
  const start = OGG_HEADER_BYTES + (head[OGG_HEADER_BYTES - 1] ?? 0)
  return at(head, start, 'OpusHead') ? start : null
}

/** null: neither of both. Neither the name of a file nor what its sender calls it has a say. */
export const voiceTypeOf = (head: Buffer): VoiceType | null => {
  if (at(head, 0, 'RIFF') && at(head, 8, 'WAVE')) return 'audio/wav'
  return opusHead(head) === null ? null : 'audio/opus'
}

/** The chunks that stand in the beginning of a file, as where their contents begin. */
const riffChunks = (head: Buffer): ReadonlyMap<string, number> => {
  const found = new Map<string, number>()
  for (let start = 12; start + 8 <= head.length; ) {
    const name = head.toString('latin1', start, start + 4)
    if (!found.has(name)) found.set(name, start + 8)
    // Chunks begin at even offsets.
    const size = head.readUInt32LE(start + 4)
    start += 8 + size + (size % 2)
  }
  return found
}

const wavSeconds = (head: Buffer, size: number): number | null => {
  const chunks = riffChunks(head)
  const [format, data] = [chunks.get('fmt '), chunks.get('data')]
  if (format === undefined || data === undefined || format + 16 > head.length) return null
  const bytesPerSecond = head.readUInt32LE(format + 8)
  // Who writes while it records may have announced nothing, or anything.
  const bytes = Math.min(head.readUInt32LE(data - 4) || size, size - data)
  return bytesPerSecond === 0 ? null : bytes / bytesPerSecond
}

const opusSeconds = (head: Buffer, tail: Buffer): number | null => {
  const start = opusHead(head)
  const last = tail.lastIndexOf('OggS')
  if (start === null || start + 12 > head.length || last < 0 || last + 14 > tail.length) return null
  const samples = Number(tail.readBigInt64LE(last + 6)) - head.readUInt16LE(start + 10)
  return samples < 0 ? null : samples / OPUS_RATE
}

/** Of its length in `size` bytes, its beginning and its end; null: it does not say. */
export const voiceSeconds = (file: { type: VoiceType; head: Buffer; tail: Buffer; size: number }): number | null => {
  const seconds = file.type === 'audio/wav' ? wavSeconds(file.head, file.size) : opusSeconds(file.head, file.tail)
  return seconds === null ? null : Math.min(Math.ceil(seconds), 0x7fffffff)
}

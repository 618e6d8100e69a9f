import { crc32, inflateSync } from 'node:zlib'

export interface Png {
  readonly width: number
  readonly height: number
  /** The same picture without anything that is not drawn: texts, times, places, profiles. */
  readonly bytes: Uint8Array
}

/** The first bytes of every PNG (ISO/IEC 15948 §5.2). */
const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)

/** What decides which colours are seen; everything else is left out. */
const DRAWN = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']

/** Samples of a pixel by colour type (ISO/IEC 15948 §11.2.2). */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }

interface Chunk {
  readonly type: string
  readonly data: Uint8Array
  /** With its length and its checksum. */
  readonly whole: Uint8Array
}

/** Chunk after chunk up to IEND; null when one is cut off or its checksum is wrong. */
const chunksOf = (bytes: Uint8Array): Chunk[] | null => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const chunks: Chunk[] = []
  let at = SIGNATURE.length
  while (at + 12 <= bytes.length) {
    const end = at + 12 + view.getUint32(at)
    if (end > bytes.length) return null
    const data = bytes.subarray(at + 8, end - 4)
    if (view.getUint32(end - 4) !== crc32(bytes.subarray(at + 4, end - 4))) return null
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    chunks.push({ type, data, whole: bytes.subarray(at, end) })
    if (type === 'IEND') return chunks
    at = end
  }
  return null
}

/** How many bytes the pixels are, uncompressed, of a picture that is not interlaced; null: an impossible header. */
const pixelBytes = (header: Uint8Array, width: number, height: number): number | null => {
  const [depth = 0, colour = 0, compression, filter, interlace] = header.subarray(8)
  const samples = SAMPLES[colour]
  const isPossible = samples !== undefined && [1, 2, 4, 8, 16].includes(depth) && compression === 0 && filter === 0
  if (!isPossible || interlace !== 0 || width === 0 || height === 0) return null
  return height * (1 + Math.ceil((width * samples * depth) / 8))
}

/** Reads a PNG of at most so many pixels each way, and proves that it is one; null: it is not, or it is interlaced. */
export const readPng = (bytes: Uint8Array, most: number): Png | 'too_large' | null => {
  if (SIGNATURE.some((byte, index) => bytes[index] !== byte)) return null
  const chunks = chunksOf(bytes)
  const header = chunks?.[0]
  if (chunks === null || header?.type !== 'IHDR' || header.data.length !== 13) return null
  const view = new DataView(header.data.buffer, header.data.byteOffset)
  const [width, height] = [view.getUint32(0), view.getUint32(4)]
  if (width > most || height > most) return 'too_large'
  const expected = pixelBytes(header.data, width, height)
  if (expected === null) return null
  const packed = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data))
  try {
    // No further: a few bytes may unpack to gigabytes.
    if (inflateSync(packed, { maxOutputLength: expected }).length !== expected) return null
  } catch {
    return null
  }
  const drawn = chunks.filter(({ type }) => DRAWN.includes(type)).map(({ whole }) => whole)
  return { width, height, bytes: Buffer.concat([SIGNATURE, ...drawn]) }
}

/** QR codes (ISO/IEC 18004) as a PNG for a page and as text for a terminal. */
import { create } from 'qrcode/lib/core/qrcode.js'

/** How much of a symbol may be lost: 7, 15, 25 or 30 per cent. */
export type QrLevel = 'L' | 'M' | 'Q' | 'H'

const IMAGE_PIXELS = 320
const MARGIN_PIXELS = 10
const QUIET_ZONE_MODULES = 4

/**
 * A black and white PNG of 320 by 320 pixels. Every module is the same whole number of pixels, as many as fit into the
 * 300 inside the margin; what is left widens the margin. (Stretched to exactly 300, zbarimg read it neither better nor
 * worse.) Throws when the text does not fit into a symbol: 1,273 bytes at level H.
 */
export function qrPng(text: string, { level }: { readonly level: QrLevel }): Uint8Array {
  const { size, data } = create(text, { errorCorrectionLevel: level }).modules
  const scale = Math.floor((IMAGE_PIXELS - 2 * MARGIN_PIXELS) / size)
  const offset = (IMAGE_PIXELS - size * scale) >> 1

  // PNG §7.2, §9: one bit a pixel, 1 is white, each row behind a byte that says "no filter".
  const rowBytes = 1 + IMAGE_PIXELS / 8
  const rows = new Uint8Array(rowBytes * IMAGE_PIXELS).fill(0xff)
  for (let y = 0; y < IMAGE_PIXELS; y++) rows[y * rowBytes] = 0
  for (let module = 0; module < size; module++) {
    const start = (offset + module * scale) * rowBytes
    for (let column = 0; column < size; column++) {
      if (data[module * size + column] === 0) continue
      const left = offset + column * scale
      for (let x = left; x < left + scale; x++) rows[start + 1 + (x >> 3)]! &= ~(0x80 >> (x & 7))
    }
    for (let copy = 1; copy < scale; copy++) rows.copyWithin(start + copy * rowBytes, start, start + rowBytes)
  }
  return Buffer.concat([SIGNATURE, HEADER, chunk('IDAT', zlib(rows)), END])
}

/** The same as an address that holds the picture itself. */
export const qrDataUrl = (text: string, how: { readonly level: QrLevel }): string =>
  `data:image/png;base64,${Buffer.from(qrPng(text, how)).toString('base64')}`

/**
 * Lines of half blocks, two modules to a character, with the quiet zone. The colours are absolute black and white, so
 * it scans from dark and light terminals alike; without them it is for dark ones, as most are: what is light is drawn.
 * Level L keeps it small: a screen does not get dirty.
 */
export function qrTerminal(text: string, { coloured }: { readonly coloured: boolean }): string {
  const { size, data } = create(text, { errorCorrectionLevel: 'L' }).modules
  const isDark = (x: number, y: number) => x >= 0 && y >= 0 && x < size && y < size && data[y * size + x] !== 0
  let drawing = ''
  for (let y = -QUIET_ZONE_MODULES; y < size + QUIET_ZONE_MODULES; y += 2) {
    if (coloured) drawing += BLACK_ON_WHITE
    for (let x = -QUIET_ZONE_MODULES; x < size + QUIET_ZONE_MODULES; x++)
      drawing += HALF_BLOCKS[(isDark(x, y) === coloured ? 1 : 0) + (isDark(x, y + 1) === coloured ? 2 : 0)]
    drawing += coloured ? `${RESET}\n` : '\n'
  }
  return drawing
}

const HALF_BLOCKS = [' ', '▀', '▄', '█'] as const
/** Of the 256 colours the cube's corners, which themes leave alone. */
const BLACK_ON_WHITE = '\x1b[38;5;16;48;5;231m'
const RESET = '\x1b[0m'

/** PNG §5.3: length, type, data, CRC of type and data. */
function chunk(type: string, data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(12 + data.length)
  bytes.writeUInt32BE(data.length)
  bytes.write(type, 4, 'latin1')
  bytes.set(data, 8)
  bytes.writeUInt32BE(Bun.hash.crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length)
  return bytes
}

/** RFC 1950 around RFC 1951. By hand, because loading `node:zlib` for it takes 7 ms of every start. */
function zlib(data: Uint8Array<ArrayBuffer>): Buffer {
  const deflated = Bun.deflateSync(data)
  const bytes = Buffer.alloc(deflated.length + 6)
  bytes.writeUInt16BE(0x789c)
  bytes.set(deflated, 2)
  bytes.writeUInt32BE(Bun.hash.adler32(data), deflated.length + 2)
  return bytes
}

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')
/** PNG §11.2.2: width, height, bit depth 1, greyscale, and zeros for the only compression, filter and no interlace. */
const HEADER = chunk('IHDR', Uint8Array.of(0, 0, 1, 64, 0, 0, 1, 64, 1, 0, 0, 0, 0))
const END = chunk('IEND', new Uint8Array(0))

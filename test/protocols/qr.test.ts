import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import { type QrLevel, qrPng, qrTerminal } from '../../src/protocols/qr.ts'

const URL = `https://accounts.example.net/provisioning/${'a1B2'.repeat(8)}?reset_password=1`
const LEVELS: readonly QrLevel[] = ['L', 'M', 'Q', 'H']

const zbarimg = Bun.which('zbarimg')
const isDecoderMissing = zbarimg === null && process.env.CI !== 'true'
const decoded = isDecoderMissing ? test.skip : test
const needs = isDecoderMissing ? ' (skipped: needs zbarimg, Debian package zbar-tools)' : ''

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'qr-'))
})
afterAll(() => rm(directory, { recursive: true }))

let files = 0
async function decode(image: Uint8Array, extension: string): Promise<string> {
  if (zbarimg === null) throw new Error('zbarimg is missing: install zbar-tools')
  const file = join(directory, `${files++}.${extension}`)
  await Bun.write(file, image)
  return await Bun.$`${zbarimg} --quiet --raw -Sdisable -Sqrcode.enable ${file}`
    .text()
    .then((text) => text.slice(0, -1))
}

describe('a QR code as PNG', () => {
  test('is refused for a text that does not fit', () => expect(() => qrPng('x'.repeat(1274), { level: 'H' })).toThrow())

  test('is 320 by 320 pixels of one bit', () => {
    const png = Buffer.from(qrPng(URL, { level: 'H' }))
    expect(png.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a')
    expect(png.subarray(12, 29).toString('latin1')).toBe('IHDR\0\0\x01\x40\0\0\x01\x40\x01\0\0\0\0')
    expect(inflateSync(png.subarray(41, -16))).toHaveLength(320 * 41)
  })

  test('keeps a white margin of 10 pixels at least', () => {
    for (const length of [1, 40, 80, 200, 600, 1273]) {
      const png = Buffer.from(qrPng('x'.repeat(length), { level: 'H' }))
      const rows = inflateSync(png.subarray(41, -16))
      const isWhite = (x: number, y: number) => ((rows[y * 41 + 1 + (x >> 3)]! >> (7 - (x & 7))) & 1) === 1
      for (let along = 0; along < 320; along++)
        for (let into = 0; into < 10; into++)
          for (const at of [into, 319 - into]) expect(isWhite(along, at) && isWhite(at, along)).toBeTrue()
    }
  })

  test('is the same for the same text', () => expect(qrPng(URL, { level: 'H' })).toEqual(qrPng(URL, { level: 'H' })))

  for (const level of LEVELS)
    decoded(`decodes at level ${level}${needs}`, async () =>
      expect(await decode(qrPng(URL, { level }), 'png')).toBe(URL),
    )

  decoded(
    `decodes at every length a provisioning URL may have${needs}`,
    async () => {
      for (let length = 1; length <= 300; length += 23)
        expect(await decode(qrPng('x'.repeat(length), { level: 'H' }), 'png')).toBe('x'.repeat(length))
    },
    30_000,
  )

  decoded(`carries UTF-8${needs}`, async () =>
    expect(await decode(qrPng('https://例え.example/é?x=📞', { level: 'H' }), 'png')).toBe(
      'https://例え.example/é?x=📞',
    ),
  )
})

describe('a QR code on a terminal', () => {
  const lines = qrTerminal(URL, { coloured: true }).trimEnd().split('\n')

  test('sets both colours and resets them on every line', () => {
    for (const line of lines) expect(line).toMatch(/^\x1b\[38;5;16;48;5;231m[ ▀▄█]+\x1b\[0m$/)
  })

  test('without colours draws what is light, for dark terminals, and nothing else', () => {
    const plain = qrTerminal(URL, { coloured: false }).trimEnd().split('\n')
    const turned: Record<string, string> = { ' ': '█', '█': ' ', '▀': '▄', '▄': '▀' }
    const drawn = lines.map((line) => Array.from(Bun.stripANSI(line), (block) => turned[block] ?? block).join(''))
    expect(plain).toEqual(drawn)
  })

  test('fits a terminal of 80 columns and has lines of one width', () => {
    const widths = new Set(lines.map((line) => Bun.stringWidth(line)))
    expect(widths.size).toBe(1)
    expect([...widths][0]).toBeLessThan(80)
  })

  test('starts and ends with a quiet zone of two lines', () => {
    for (const line of [...lines.slice(0, 2), ...lines.slice(-2)]) expect(Bun.stripANSI(line)).toMatch(/^ +$/)
  })

  decoded(`decodes when drawn with square half blocks${needs}`, async () => {
    const PIXELS = 4
    const rows = lines.map((line) => Bun.stripANSI(line)).flatMap((line) => [dots(line, '▀█'), dots(line, '▄█')])
    const width = rows[0]!.length
    const body = rows.flatMap((row) =>
      Array.from({ length: PIXELS }, () => row.flatMap((dot) => Array.from({ length: PIXELS }, () => dot)).join(' ')),
    )
    const image = `P1\n${width * PIXELS} ${rows.length * PIXELS}\n${body.join('\n')}\n`
    expect(await decode(Buffer.from(image), 'pbm')).toBe(URL)
  })
})

const dots = (line: string, dark: string): number[] => [...line].map((block) => (dark.includes(block) ? 1 : 0))

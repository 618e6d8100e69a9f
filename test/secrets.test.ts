import { expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { secrets } from '../src/secrets.ts'

const random = (size: number) => new Uint8Array(randomBytes(size))
const [older, old, current] = [random(32), random(32), random(32)]

test('what was sealed with an earlier key can be opened, and what is sealed now with the present one alone', () => {
  const now = secrets(current, random, [old, older])
  for (const key of [older, old, current]) expect(now.open(secrets(key, random).seal('geheim ü'))).toBe('geheim ü')
  expect(secrets(current, random).open(now.seal('x'))).toBe('x')
  expect(() => secrets(old, random).open(now.seal('x'))).toThrow()
})

test('what was changed, cut or sealed by somebody else cannot be opened', () => {
  const { seal, open } = secrets(current, random, [old])
  const sealed = seal('secret')
  const changed = `${sealed.slice(0, -6)}${sealed.at(-6) === 'A' ? 'B' : 'A'}${sealed.slice(-5)}`
  for (const text of [changed, sealed.slice(0, 30), '', 'v1:', secrets(older, random).seal('secret')]) {
    expect(() => open(text)).toThrow()
  }
  expect(seal('secret')).not.toBe(sealed)
})

test('a token has letters and digits, each as likely as another', () => {
  // Hashes of a counter: as good as random, and the same in every run.
  let count = 0
  const hashes = (size: number) => {
    let text = ''
    while (text.length < 2 * size) text += Bun.SHA256.hash(String(count++), 'hex')
    return new Uint8Array(Buffer.from(text.slice(0, 2 * size), 'hex'))
  }
  const { token } = secrets(current, hashes)
  const counts = new Map<string, number>()
  for (const letter of token(62_000)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  expect(counts.size).toBe(62)
  // Five standard deviations around 1000.
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(160)
  expect(token(13)).toMatch(/^[A-Za-z0-9]{13}$/)
})

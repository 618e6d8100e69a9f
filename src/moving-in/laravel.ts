/** Values that Laravel has encrypted with `APP_KEY`: AES-256-CBC in an envelope of JSON, with an HMAC of SHA-256. */
import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'

const KEY_BYTES = 32

/** The key as `.env` has it, `base64:…`; null: it is none. */
export const laravelKey = (text: string): Uint8Array | null => {
  const written = text
    .trim()
    .replace(/^APP_KEY=/, '')
    .replace(/^"(.*)"$/, '$1')
  const bytes = written.startsWith('base64:') ? Buffer.from(written.slice(7), 'base64') : Buffer.from(written)
  return bytes.length === KEY_BYTES ? bytes : null
}

interface Envelope {
  readonly iv: string
  readonly value: string
  readonly mac: string
}

const envelopeIn = (text: string): Envelope | null => {
  // Base64 of `{"`, as every envelope begins.
  if (!text.startsWith('eyJ')) return null
  try {
    const { iv, value, mac } = JSON.parse(Buffer.from(text, 'base64').toString()) as Record<string, unknown>
    return typeof iv === 'string' && typeof value === 'string' && typeof mac === 'string' ? { iv, value, mac } : null
  } catch {
    return null
  }
}

/** PHP's `serialize` of a text: `s:5:"hello";`, counted in bytes. */
const unserialised = (bytes: Buffer): string => {
  const found = /^s:(\d+):"/.exec(bytes.toString('latin1', 0, 16))
  if (found === null) return bytes.toString()
  const start = found[0].length
  const end = start + Number(found[1])
  return bytes.toString('latin1', end) === '";' ? bytes.toString('utf8', start, end) : bytes.toString()
}

/**
 * What was encrypted; a text that is no envelope as it is. null: it is one, and the key does not open it, or there is no
 * key.
 */
export const unlocked = (text: string, key: Uint8Array | null): string | null => {
  const envelope = envelopeIn(text)
  if (envelope === null) return text
  if (key === null) return null
  const mac = createHmac('sha256', key)
    .update(envelope.iv + envelope.value)
    .digest()
  const given = Buffer.from(envelope.mac, 'hex')
  if (given.length !== mac.length || !timingSafeEqual(given, mac)) return null
  try {
    const decipher = createDecipheriv('aes-256-cbc', key, Buffer.from(envelope.iv, 'base64'))
    return unserialised(Buffer.concat([decipher.update(Buffer.from(envelope.value, 'base64')), decipher.final()]))
  } catch {
    return null
  }
}

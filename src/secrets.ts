import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** Bytes from here on would favour the first letters. */
const UNIFORM_BELOW = 256 - (256 % ALPHABET.length)

export type Random = (size: number) => Uint8Array

const SEALING = 'secrets at rest'

const derived = (appKey: Uint8Array, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', appKey, '', `sipkeeper ${purpose}`, 32))

const opened = (sealed: string, key: Buffer): string => {
  const bytes = Buffer.from(sealed.slice(3), 'base64')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(12, 28))
  const plain = decipher.update(bytes.subarray(28))
  // Compares the tag, and has nothing left to give: asked for text, both would decode as if more could follow.
  decipher.final()
  return plain.toString('utf8')
}

/** How keys and tokens are stored: SHA-256 in lower-case hex. They are long and random, so no salt is needed. */
export const hashOfToken = (token: string): string => Bun.SHA256.hash(token, 'hex')

/**
 * Everything that is made of randomness or of `APP_KEY`, 32 bytes. What was sealed with one of the `earlier` keys can
 * still be opened.
 */
export const secrets = (appKey: Uint8Array, random: Random, earlier: readonly Uint8Array[] = []) => {
  /** A key of 32 bytes for one purpose; knowing it tells nothing about `APP_KEY` or another purpose's key. */
  const keyFor = (purpose: string): Buffer => derived(appKey, purpose)
  /** The same, and behind it those of the `earlier` keys. */
  const keysFor = (purpose: string): [Buffer, ...Buffer[]] => [
    keyFor(purpose),
    ...earlier.map((key) => derived(key, purpose)),
  ]
  const openings = keysFor(SEALING)
  const [sealing] = openings

  /** Throws when the text was sealed with none of the keys. */
  const open = (sealed: string): string => {
    let failure: unknown
    for (const key of openings) {
      try {
        return opened(sealed, key)
      } catch (error) {
        failure ??= error
      }
    }
    throw failure
  }

  return {
    random,
    keyFor,
    keysFor,
    /** `length` letters and digits, each equally likely. */
    token: (length: number): string => {
      let token = ''
      while (token.length < length) {
        for (const byte of random(length * 2)) {
          if (byte < UNIFORM_BELOW && token.length < length) token += ALPHABET[byte % ALPHABET.length]
        }
      }
      return token
    },
    hash: hashOfToken,
    /** AES-256-GCM, for secrets that must be read again. */
    seal: (plain: string): string => {
      const nonce = random(12)
      const cipher = createCipheriv('aes-256-gcm', sealing, nonce)
      const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return `v1:${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64')}`
    },
    open,
    /** For what can be made anew; null: there is nothing, or it was sealed with none of the keys. */
    reveal: (sealed: string | null): string | null => {
      if (sealed === null) return null
      try {
        return open(sealed)
      } catch {
        return null
      }
    },
  }
}

export type Secrets = ReturnType<typeof secrets>

import { ha1 } from '../../src/protocols/digest.ts'
import type { parseChallenge, TestAccount } from './app.ts'

export type Challenge = ReturnType<typeof parseChallenge>
export type Parameters = Readonly<Record<string, string>>

interface Asked {
  readonly method?: string
  readonly uri: string
  readonly nc?: string
  readonly cnonce?: string
}

/** What a client computes from a challenge (RFC 7616 §3.4.1). */
export const digestParameters = (
  who: Pick<TestAccount, 'username' | 'password'>,
  { realm, nonce, opaque, algorithm }: Challenge,
  { method = 'GET', uri, nc = '00000001', cnonce = 'c0ffee00c0ffee00' }: Asked,
): Parameters => {
  const hash = (text: string) => (algorithm === 'MD5' ? Bun.MD5.hash(text, 'hex') : Bun.SHA256.hash(text, 'hex'))
  const secret = ha1(algorithm, who.username, realm, who.password)
  const response = hash(`${secret}:${nonce}:${nc}:${cnonce}:auth:${hash(`${method}:${uri}`)}`)
  return { username: who.username, realm, nonce, uri, qop: 'auth', nc, cnonce, response, opaque, algorithm }
}

const UNQUOTED = ['nc', 'qop', 'algorithm']

/** The value of `Authorization`, quoted as RFC 7616 §3.4 asks. */
export const digestHeader = (parameters: Parameters): string =>
  `Digest ${Object.entries(parameters)
    .map(([name, value]) => (UNQUOTED.includes(name) ? `${name}=${value}` : `${name}="${value}"`))
    .join(', ')}`

import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type Reply, type TestApp, testApp } from '../support/app.ts'

let t: TestApp
const start = async (env: Record<string, string> = {}) => {
  t = await testApp({ env: { PUBLIC_ACCOUNT_INFO: 'false', ...env } })
}
beforeEach(() => start())
afterEach(() => t.close())

const ask = (from: string, more: Record<string, string> = {}) =>
  t.get('/api/accounts/me', { headers: { from, ...more } })

const challengeOf = ({ headers }: Reply): string => headers.get('www-authenticate') ?? ''
const algorithmOf = (reply: Reply): string => /algorithm=([A-Z0-9-]+)/.exec(challengeOf(reply))?.[1] ?? 'none'
const realmOf = (reply: Reply): string => /realm="([^"]*)"/.exec(challengeOf(reply))?.[1] ?? 'none'

/** All that a stranger sees, but for what is random. */
const seen = (reply: Reply) => ({
  status: reply.status,
  text: reply.text,
  headers: [...reply.headers]
    .map(([name, value]) => [name, value.replace(/(nonce|opaque)="[0-9a-f]{64}"/g, '$1="…"')])
    .sort(),
})

/** `Authorization` of somebody who has looked at the challenge and guesses. */
const guess = (reply: Reply, username: string): string => {
  const parameters = challengeOf(reply).replace('Digest ', '')
  const rest = `username="${username}",uri="/api/accounts/me",nc=00000001,cnonce="c0ffee00c0ffee00"`
  return `Digest ${parameters},${rest},response="${'0'.repeat(algorithmOf(reply) === 'MD5' ? 32 : 64)}"`
}

describe('with PUBLIC_ACCOUNT_INFO=false a stranger cannot tell who has an account', () => {
  test('by asking for a challenge, however From is written', async () => {
    await t.account({ username: 'carol.1', algorithm: 'MD5' })
    const spellings = [
      (user: string) => `sip:${user}@sip.example.org`,
      (user: string) => `sips:${user}@SIP.Example.ORG`,
      (user: string) => `sip:${user}@sip.example.org:5061;transport=tls`,
      (user: string) => `"Somebody" <sip:${user}@sip.example.org>;tag=1`,
      (user: string) => `sip%3A${user}%40sip.example.org`,
    ]
    for (const spelling of spellings) {
      const known = await ask(spelling('carol.1'))
      expect([known.status, algorithmOf(known), realmOf(known)]).toEqual([401, 'MD5', 'sip.example.org'])
      expect(seen(await ask(spelling('nobody1')))).toEqual(seen(known))
    }
  })

  test('by guessing a password', async () => {
    await t.account({ username: 'carol.1', algorithm: 'SHA-256' })
    const tried = async (username: string) => {
      const from = `sip:${username}@sip.example.org`
      const authorization = guess(await ask(from), username)
      const wrong = [authorization, authorization.replace('auth"', 'auth-int"'), 'Digest', 'Basic Y2Fyb2wuMTp4']
      return Promise.all(wrong.map(async (text) => seen(await ask(from, { authorization: text }))))
    }
    const known = await tried('carol.1')
    expect(known.map(({ status }) => status)).toEqual([401, 401, 401, 401])
    expect(await tried('nobody1')).toEqual(known)
    // The operator is told.
    expect(t.lines.some((line) => line.includes('no_account') && line.includes('nobody1@sip.example.org'))).toBe(true)
  })

  test('by being stopped after too many guesses', async () => {
    await t.close()
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '3' })
    await t.account({ username: 'carol.1' })
    const stopped = async (username: string) => {
      const from = `sip:${username}@sip.example.org`
      const statuses: number[] = []
      for (let i = 0; i < 5; i++) {
        statuses.push((await ask(from, { authorization: guess(await ask(from), username) })).status)
      }
      return statuses
    }
    const known = await stopped('carol.1')
    t.later(3_600_000)
    expect(known).toContain(429)
    await t.close()
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '3' })
    expect(await stopped('nobody1')).toEqual(known)
  })

  test('by an account that has no password, of another Space, or of a domain that is none of ours', async () => {
    const space = await t.space({
      domain: 'sip.third.org',
      host: 'third.localhost',
      name: 'Third',
      digest: { realm: 'third', defaultPasswordAlgorithm: null },
    })
    await t.account({ username: 'carol.3', space, algorithm: 'SHA-256' })
    const [known, unknown] = [await ask('sip:carol.3@sip.third.org'), await ask('sip:nobody1@sip.third.org')]
    expect([seen(unknown), realmOf(unknown)]).toEqual([seen(known), 'third'])
    const bare = await t.account({ username: 'carol.2' })
    await t.db.transaction((tx) => tx.delete(t.db.tables.passwords))
    const reply = await ask(`sip:carol.2@${bare.domain}`)
    expect(seen(reply)).toEqual(seen(await ask('sip:nobody1@sip.example.org')))
    const { username, domain } = bare
    const wrong = { authorization: guess(reply, username) }
    expect((await ask(`sip:${username}@${domain}`, wrong)).status).toBe(401)
    const elsewhere = await ask('sip:carol.1@elsewhere.example')
    expect([elsewhere.status, realmOf(elsewhere)]).toEqual([401, 'elsewhere.example'])
  })

  test('by the public information, which is there for nobody', async () => {
    await t.account({ username: 'carol.1' })
    const [known, unknown] = await Promise.all(
      ['carol.1', 'nobody1'].map((user) => t.get(`/api/accounts/${user}@sip.example.org/info`)),
    )
    expect([known?.status, known?.text]).toEqual([404, unknown?.text ?? ''])
  })

  test('by how long the answer takes', async () => {
    const ROUNDS = 200
    for (let i = 0; i < ROUNDS; i++) await t.account({ username: `known.${i}` })
    const took = async (from: string) => {
      const started = performance.now()
      await ask(from)
      return performance.now() - started
    }
    const median = (times: number[]) => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0
    const times: { known: number[]; unknown: number[] } = { known: [], unknown: [] }
    // One after the other in turns, so that whatever else the machine does falls on both.
    for (let i = 0; i < ROUNDS; i++) {
      times.known.push(await took(`sip:known.${i}@sip.example.org`))
      times.unknown.push(await took(`sip:other.${i}@sip.example.org`))
    }
    const [known, unknown] = [median(times.known), median(times.unknown)]
    expect(Math.abs(known - unknown)).toBeLessThan(Math.max(0.1, 0.35 * Math.max(known, unknown)))
  }, 60_000)
})

describe('the algorithm that nobody is asked for', () => {
  const names = Array.from({ length: 60 }, (_, i) => `nobody.${i}`)
  const asked = async (domain = 'sip.example.org') => {
    const replies = await Promise.all(names.map((name) => ask(`sip:${name}@${domain}`)))
    return replies.map(algorithmOf)
  }
  const later = () => {
    t.later(61_000)
  }

  test('is the Space’s own where it has one and no accounts yet, and SHA-256 otherwise', async () => {
    await t.space({
      domain: 'sip.md5.org',
      host: 'md5.localhost',
      name: 'MD5',
      digest: { realm: null, defaultPasswordAlgorithm: 'MD5' },
    })
    expect(new Set(await asked('sip.md5.org'))).toEqual(new Set(['MD5']))
    expect(new Set(await asked('sip.other.org'))).toEqual(new Set(['SHA-256']))
  })

  test('is the one that all accounts of the Space have', async () => {
    await t.account({ username: 'carol.1', algorithm: 'MD5' })
    expect(new Set(await asked())).toEqual(new Set(['MD5']))
  })

  test('is either where both are in use, and stays the same for a name while accounts come', async () => {
    const both = async () => {
      for (const algorithm of ['MD5', 'SHA-256'] as const) await t.account({ algorithm })
    }
    await both()
    const first = await asked()
    expect(first.filter((algorithm) => algorithm === 'MD5').length).toBeGreaterThan(10)
    expect(first.filter((algorithm) => algorithm === 'SHA-256').length).toBeGreaterThan(10)
    expect(await asked()).toEqual(first)
    await both()
    later()
    expect(await asked()).toEqual(first)
  })
})

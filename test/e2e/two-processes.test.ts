import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { ha1 } from '../../src/protocols/digest.ts'
import { parseChallenge } from '../support/app.ts'
import { postgresUrl } from '../support/database.ts'
import { type Installation, prepared, type Running, serve } from '../support/executable.ts'

const FROM = 'sip:admin@sip.example.org'
const PATH = '/api/accounts/me'

const together = () => {
  let place: Installation & { admin: { api_key: string } }
  let nodes: Running[]

  beforeAll(async () => {
    // One APP_KEY for both, as its documentation asks for.
    place = await prepared({ APP_KEY: `base64:${Buffer.alloc(32, 7).toString('base64')}` })
    nodes = await Promise.all([serve(place), serve(place)])
  })
  afterAll(async () => {
    for (const node of nodes) await node.stop()
    await place.remove()
  })

  const [first, second] = [0, 1].map((index) => (path: string, headers: Record<string, string>) => {
    const base = nodes[index]?.base ?? ''
    return fetch(base + path, { headers })
  }) as [Ask, Ask]
  type Ask = (path: string, headers: Record<string, string>) => Promise<Response>

  const challenge = async (ask: Ask) =>
    parseChallenge((await ask(PATH, { from: FROM })).headers.get('www-authenticate') ?? '')

  const answer = (offer: ReturnType<typeof parseChallenge>, count: number) => {
    const hash = (text: string) =>
      offer.algorithm === 'MD5' ? Bun.MD5.hash(text, 'hex') : Bun.SHA256.hash(text, 'hex')
    const nc = count.toString(16).padStart(8, '0')
    const secret = ha1(offer.algorithm, 'admin', offer.realm, 'correct-horse')
    const response = hash(`${secret}:${offer.nonce}:${nc}:c0ffee:auth:${hash(`GET:${PATH}`)}`)
    const quoted = Object.entries({ username: 'admin', uri: PATH, cnonce: 'c0ffee', response, ...offer })
    return {
      from: FROM,
      authorization: `Digest ${quoted.map(([name, value]) => `${name}="${value}"`).join(', ')}, qop=auth, nc=${nc}`,
    }
  }

  test('a challenge of one is answered at the other', async () => {
    expect((await second(PATH, answer(await challenge(first), 1))).status).toBe(200)
  })

  test('a nonce count that was spent at one is spent at the other', async () => {
    const offer = await challenge(first)
    expect((await first(PATH, answer(offer, 1))).status).toBe(200)
    expect((await second(PATH, answer(offer, 1))).status).toBe(401)
    expect((await second(PATH, answer(offer, 2))).status).toBe(200)
    expect((await first(PATH, answer(offer, 2))).status).toBe(401)
  })

  test('of the same answer sent to both at once, one is accepted', async () => {
    for (let round = 0; round < 20; round++) {
      const headers = answer(await challenge(first), 1)
      const replies = await Promise.all([first, second, first, second].map((ask) => ask(PATH, headers)))
      expect(replies.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401])
    }
  })

  test('of two phones that scan one code at once, one at each, one is provisioned', async () => {
    const key = { 'x-api-key': place.admin.api_key }
    for (let round = 0; round < 10; round++) {
      const created = await fetch(`${nodes[0]?.base}/api/accounts`, {
        method: 'POST',
        headers: { ...key, 'content-type': 'application/json' },
        body: JSON.stringify({ username: `phone-${round}`, password: 'correct-horse', algorithm: 'SHA-256' }),
      })
      const { provisioning_token: token } = await created.json()
      const replies = await Promise.all([first, second].map((ask) => ask(`/provisioning/${token}`, {})))
      expect(replies.map(({ status }) => status).sort()).toEqual([200, 404])
    }
  })
}

// A SQLite file belongs to one process.
if (postgresUrl !== null) describe('two processes on one PostgreSQL', together)

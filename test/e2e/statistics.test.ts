import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { join } from 'node:path'
import { hasProgram, prepared, type Running, serve, sipkeeper } from '../support/executable.ts'
import { nghttp } from '../support/h2.ts'

const AT = '2026-03-01T10:00:00Z'
const ALICE = 'alice@sip.example.org'
const BOB = 'bob@sip.example.org'
const call = (id: string) => ({ id, from: ALICE, to: BOB, initiated_at: AT })

describe.skipIf(!hasProgram('nghttp') || !hasProgram('openssl'))('what Flexisip reports over HTTP/2 and TLS', () => {
  let place: Awaited<ReturnType<typeof prepared>>
  let running: Running
  beforeAll(async () => {
    place = await prepared()
    const [cert, key] = [join(place.folder, 'cert.pem'), join(place.folder, 'key.pem')]
    const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    const request = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      cert,
      ...name,
    ]
    expect(Bun.spawnSync(['openssl', ...request]).exitCode).toBe(0)
    running = await serve({ env: { ...place.env, TLS_CERT: cert, TLS_KEY: key } })
  })
  afterAll(async () => {
    await running.stop()
    await place.remove()
  })

  const report = (method: string, path: string, body: unknown) => {
    const headers = {
      'x-api-key': place.admin.api_key,
      accept: 'application/json',
      'content-type': 'application/json',
    }
    return nghttp(running.base, place.folder, { method, path, headers, body: JSON.stringify(body) })
  }

  const DEVICE = '"<urn:uuid:1b7e0a2c-0000-4000-8000-000000000001>"'
  /** As Flexisip writes it, and as a strict parser of URLs does. */
  const SPELLINGS = [DEVICE, encodeURIComponent(DEVICE), '%22%3Curn:uuid:1b7e0a2c-0000-4000-8000-000000000001%3E%22']

  test('reaches one row of a device, whether its quotes and angle brackets are raw or percent-encoded', async () => {
    const { status, headers } = await report('POST', '/api/statistics/calls', call('c1'))
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json'])
    const message = { id: 'm1', from: ALICE, sent_at: AT, encrypted: true }
    expect((await report('POST', '/api/statistics/messages', message)).status).toBe(200)
    const told = { last_status: 200, received_at: AT }
    for (const [n, device] of SPELLINGS.entries()) {
      const rang = await report('PATCH', `/api/statistics/calls/c1/devices/${device}`, { rang_at: AT })
      expect(rang).toMatchObject({ status: n === 0 ? 201 : 200, json: { device_id: DEVICE } })
      const to = ['sip:bob@sip.example.org', 'bob@sip.example.org%20', 'bob%40sip.example.org'][n]
      const got = await report('PATCH', `/api/statistics/messages/m1/to/${to}/devices/${device}`, told)
      expect(got).toMatchObject({ status: n === 0 ? 201 : 200, json: { device_id: DEVICE, to_username: 'bob' } })
    }
  })
})

describe('the executable', () => {
  let place: Awaited<ReturnType<typeof prepared>>
  beforeAll(async () => {
    place = await prepared()
  })
  afterAll(() => place.remove())

  test('takes a raw device id over HTTP/1.1, too', async () => {
    const running = await serve(place)
    const headers = { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' }
    const send = (path: string, body: unknown) =>
      fetch(`${running.base}/api/statistics/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    expect((await send('calls', call('raw'))).status).toBe(200)
    const patch = async (device: string) => {
      const { promise, resolve } = Promise.withResolvers<string>()
      const socket = connect(running.port, '127.0.0.1')
      let reply = ''
      socket.on('data', (chunk) => (reply += chunk))
      socket.on('close', () => resolve(reply))
      const head = [
        `PATCH /api/statistics/calls/raw/devices/${device} HTTP/1.1`,
        'Host: localhost',
        `X-Api-Key: ${place.admin.api_key}`,
        'Content-Type: application/json',
        'Content-Length: 2',
        'Connection: close',
      ]
      socket.write(`${head.join('\r\n')}\r\n\r\n{}`)
      return promise
    }
    expect(await patch('"<urn:uuid:1>"')).toStartWith('HTTP/1.1 201')
    expect(await patch('%22%3Curn:uuid:1%3E%22')).toStartWith('HTTP/1.1 200')
    await running.stop()
  })

  test('keeps every report that it has answered, and exact counts, however it is killed', async () => {
    const answered: string[] = []
    for (let round = 0; round < 10; round++) {
      const running = await serve(place)
      let alive = true
      const writer = async (number: number) => {
        for (let i = 0; alive; i++) {
          const id = `r${round}-w${number}-${i}`
          const headers = { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' }
          const options = { method: 'POST', headers, body: JSON.stringify(call(id)) }
          const reply = await fetch(`${running.base}/api/statistics/calls`, options).catch(() => null)
          if (reply?.status === 200) answered.push(id)
          else if (reply !== null) throw new Error(`${reply.status} ${await reply.text()}`)
        }
      }
      const writers = Promise.all(Array.from({ length: 8 }, (_, number) => writer(number)))
      const before = answered.length
      for (let waited = 0; answered.length < before + 5 && waited < 500; waited++) await Bun.sleep(2)
      await running.kill()
      alive = false
      await writers
    }
    expect(answered.length).toBeGreaterThan(40)
    const recounted = await sipkeeper(['statistics:recount'], place.env)
    expect([recounted.code, recounted.stdout]).toEqual([0, '0 hours corrected\n'])
    // Nobody was killed between an answer and the disk: all of them are there to be cleared.
    const counted = await sipkeeper(['app:clear-statistics', '0'], place.env)
    const found = Number(/^(\d+) calls, messages and conferences would be removed/.exec(counted.stdout)?.[1])
    expect(found).toBeGreaterThanOrEqual(answered.length + 1)
    const kept = await sipkeeper(['app:clear-statistics', '400', '--apply'], place.env)
    expect([kept.code, kept.stdout]).toEqual([0, '0 calls, messages and conferences removed\n'])
    const cleared = await sipkeeper(['app:clear-statistics', '0', '--apply'], place.env)
    expect(cleared.stdout).toBe(`${found} calls, messages and conferences removed\n`)
    expect((await sipkeeper(['statistics:recount'], place.env)).stdout).toBe('0 hours corrected\n')
    expect((await sipkeeper(['app:clear-statistics', 'x'], place.env)).code).toBe(2)
  }, 120_000)
})

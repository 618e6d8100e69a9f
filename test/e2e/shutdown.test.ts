import { afterEach, beforeEach, expect, test } from 'bun:test'
import { connect, type Socket } from 'node:net'
import { type Installation, prepared, type Running, serve } from '../support/executable.ts'

let place: Installation & { admin: { api_key: string } }
let running: Running

beforeEach(async () => {
  place = await prepared()
  running = await serve(place)
})
afterEach(async () => {
  await running.kill()
  await place.remove()
})

/** A request whose body is sent in two halves, so that it is in flight for as long as the test wants. */
const halfSent = async (port: number, key: string, username: string) => {
  const body = JSON.stringify({ username, password: 'correct-horse', algorithm: 'SHA-256' })
  const socket: Socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk.toString()
  })
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  const head = [
    'POST /api/accounts HTTP/1.1',
    `Host: localhost:${port}`,
    `x-api-key: ${key}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 20)}`)
  await Bun.sleep(100)
  return {
    finish: () => socket.write(body.slice(20)),
    answer: () => answer,
    closed,
  }
}

const accountNamed = async (base: string, key: string, username: string) =>
  (await fetch(`${base}/api/accounts/${username}@sip.example.org/search`, { headers: { 'x-api-key': key } })).status

test('SIGTERM lets a request that is in flight finish, takes no new one, and ends with 0', async () => {
  const key = place.admin.api_key
  // An idle connection that is kept alive does not hold the process.
  await fetch(`${running.base}/api/ping`)
  const request = await halfSent(running.port, key, 'last-one')
  running.child.kill('SIGTERM')
  await Bun.sleep(200)
  expect(running.child.exitCode).toBeNull()
  await expect(fetch(`http://127.0.0.1:${running.port}/api/ping`, { keepalive: false })).rejects.toThrow()
  request.finish()
  expect(await running.child.exited).toBe(0)
  await request.closed
  expect(request.answer()).toStartWith('HTTP/1.1 200')
  expect(running.output()).toContain('"msg":"stopping"')

  running = await serve(place)
  expect(await accountNamed(running.base, key, 'last-one')).toBe(200)
})

test('SIGTERM with nothing to do ends at once', async () => {
  await fetch(`${running.base}/api/ping`)
  const started = performance.now()
  expect(await running.stop()).toBe(0)
  expect(performance.now() - started).toBeLessThan(2000)
})

test('uses of an API key are written when the process stops', async () => {
  const key = place.admin.api_key
  for (let i = 0; i < 5; i++) await fetch(`${running.base}/api/accounts/me`, { headers: { 'x-api-key': key } })
  await running.stop()
  const { otherConnection } = await import('../support/other-connection.ts')
  const database = otherConnection(place.env.DATABASE_URL ?? `${place.folder}/sipkeeper.sqlite`)
  expect(await database.query('SELECT requests FROM api_keys')).toEqual([{ requests: 5 }])
  await database.close()
})

import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { eventually } from '../support/eventually.ts'
import { hasProgram } from '../support/executable.ts'
import { type UnixServer, unixServer } from '../support/unix-server.ts'

// An administrator sends a text through a linphone-daemon (behaviour/telephony.md §12).

let t: TestApp
let admin: TestAccount
let daemon: UnixServer
let answer: string | null = 'Status: Ok\n\nId: 7\n'

const install = async (path: string) => {
  t = await testApp({ env: { APP_LINPHONE_DAEMON_UNIX_PATH: path } })
  admin = await t.account({ admin: true })
}
const send = (body: unknown, as: TestAccount | null = admin) =>
  t.post('/api/messages', { body, ...(as === null ? {} : { as }) })
const MESSAGE = { to: 'bob@sip.example.org', body: 'See you at five.' }

beforeEach(async () => {
  answer = 'Status: Ok\n\nId: 7\n'
  daemon = unixServer(() => answer)
  await daemon.start()
})
afterEach(async () => {
  await t.close()
  await daemon.stop()
})

test('without a daemon there is no such path', async () => {
  t = await testApp()
  admin = await t.account({ admin: true })
  expect((await send(MESSAGE)).status).toBe(404)
})

describe('a message is refused and nothing is said', () => {
  test('to strangers, people and administrators of another Space', async () => {
    await install(daemon.path)
    expect((await send(MESSAGE, null)).status).toBe(401)
    expect((await send(MESSAGE, await t.account())).status).toBe(403)
    expect((await send(MESSAGE, await t.account({ space: t.other, admin: true }))).status).toBe(403)
    expect(daemon.heard).toEqual([])
  })

  test('when it would be a command more, is no address or too long', async () => {
    await install(daemon.path)
    const cases: [object, string[]][] = [
      [{}, ['to', 'body']],
      [{ ...MESSAGE, to: 'bob' }, ['to']],
      [{ ...MESSAGE, to: 'bob@sip.example.org quit' }, ['to']],
      [{ ...MESSAGE, to: 'bob@sip.example.org\nquit' }, ['to']],
      [{ ...MESSAGE, to: 'sip:bob@sip.example.org\rquit' }, ['to']],
      [{ ...MESSAGE, to: 'tel:+33612345678' }, ['to']],
      [{ ...MESSAGE, to: 5 }, ['to']],
      [{ ...MESSAGE, body: 'hello\nquit' }, ['body']],
      [{ ...MESSAGE, body: 'hello\rquit' }, ['body']],
      [{ ...MESSAGE, body: 'x'.repeat(4097) }, ['body']],
      [{ ...MESSAGE, body: '' }, ['body']],
    ]
    for (const [body, fields] of cases) {
      const reply = await send(body)
      expect([reply.status, Object.keys(reply.json.errors ?? {})]).toEqual([422, fields])
    }
    expect(daemon.heard).toEqual([])
  })
})

test('the daemon hears one line, and its id is the answer, however it ends its lines', async () => {
  await install(daemon.path)
  for (const [end, id] of [
    ['\n', '7'],
    ['\r\n', '8'],
    ['\r', '9'],
  ]) {
    answer = `Status: Ok${end}${end}Id: ${id}${end}`
    const reply = await send({ ...MESSAGE, to: 'sip:bob@sip.example.org' })
    expect([reply.status, reply.json]).toEqual([200, { id }])
  }
  expect(daemon.heard).toEqual(Array(3).fill('message sip:bob@sip.example.org See you at five.'))
})

test('what the daemon says against it is told, and everything else that is no yes is 422', async () => {
  await install(daemon.path)
  const refusals: [string, string][] = [
    ['Status: Error\nReason: Missing uri parameter.\n', 'Missing uri parameter.'],
    ['Status: Maybe\nId: 3\n', 'could not be sent'],
  ]
  for (const [said, reason] of refusals) {
    answer = said
    const reply = await send(MESSAGE)
    expect(reply.status).toBe(422)
    expect(JSON.stringify(reply.json.errors.to)).toContain(reason)
  }
  await daemon.pause()
  const reply = await send(MESSAGE)
  expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, ['to']])
  expect(await t.parts.sipMessages.check()).toMatchObject({ ok: false })
})

test('a daemon that says nothing is waited for five seconds', async () => {
  await install(daemon.path)
  answer = null
  const started = performance.now()
  expect((await send(MESSAGE)).status).toBe(422)
  expect(performance.now() - started).toBeWithin(4_900, 15_000)
  expect(daemon.heard).toHaveLength(1)
})

test('many at once wait for each other, each said once', async () => {
  await install(daemon.path)
  const replies = await Promise.all(Array.from({ length: 14 }, (_, each) => send({ ...MESSAGE, body: `text ${each}` })))
  const sent = replies.filter(({ status }) => status === 200).length
  expect(replies.filter(({ status }) => status !== 200 && status !== 503)).toEqual([])
  expect(sent).toBeGreaterThanOrEqual(10)
  expect(new Set(daemon.heard).size).toBe(daemon.heard.length)
  expect(daemon.heard).toHaveLength(sent)
})

test.skipIf(!hasProgram('linphone-daemon'))('a real linphone-daemon takes messages one after the other', async () => {
  const name = `sipkeeper-${process.pid}-${Date.now()}`
  // It makes its socket in /tmp, and ends with its standard input.
  const home = mkdtempSync(join(tmpdir(), 'sipkeeper-daemon-'))
  // Without its database it falls over the first message.
  mkdirSync(join(home, '.local/share/linphone'), { recursive: true })
  const child = Bun.spawn(['linphone-daemon', '--pipe', name], {
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
    env: { PATH: process.env.PATH ?? '', HOME: home },
  })
  try {
    await install(`/tmp/${name}`)
    let isThere = false
    await eventually(() => {
      t.parts.sipMessages.check().then(({ ok }) => {
        isThere ||= ok
      })
      return isThere
    })
    const replies = await Promise.all([1, 2, 3].map((each) => send({ to: 'bob@127.0.0.1', body: `hello ${each}` })))
    expect(replies.map(({ status, json }) => [status, json])).toEqual(
      replies.map(() => [200, { id: expect.stringMatching(/^\S+$/) }]),
    )
    expect(new Set(replies.map(({ json }) => json.id)).size).toBe(3)
  } finally {
    child.kill('SIGKILL')
    await child.exited
    rmSync(`/tmp/${name}`, { force: true })
    rmSync(home, { recursive: true, force: true })
  }
})

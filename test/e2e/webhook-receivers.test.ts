import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { hasProgram, prepared, type Running, serve } from '../support/executable.ts'

// The receivers of docs/webhooks.md, as they stand there, hear from the executable, and from somebody who forges.

const DOCUMENT = readFileSync(join(import.meta.dir, '../../docs/webhooks.md'), 'utf8')
const blockOf = (language: string) => new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(DOCUMENT)?.[1] ?? ''

const RECEIVERS = [
  { name: 'in TypeScript', file: 'receiver.ts', source: blockOf('ts'), program: process.execPath },
  { name: 'in Python', file: 'receiver.py', source: blockOf('python'), program: 'python3' },
]

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof bound === 'object' && bound !== null ? bound.port : 0
}

let place: Awaited<ReturnType<typeof prepared>>
let running: Running

beforeAll(async () => {
  place = await prepared({ WEBHOOKS_ALLOW_LOCAL: 'true' })
  running = await serve(place)
})
afterAll(async () => {
  await running.stop()
  await place.remove()
})

const api = async (method: string, path: string, body?: unknown) => {
  const reply = await fetch(`${running.base}/api${path}`, {
    method,
    headers: { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`)
  return reply.json()
}

/** A receiver that runs, and a webhook that leads to it. */
const listening = async ({ file, source, program }: (typeof RECEIVERS)[number]) => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const webhook = await api('POST', '/webhooks', { name: file, url, events: ['account.created'] })
  writeFileSync(join(place.folder, file), source)
  const child = Bun.spawn([program, file], {
    cwd: place.folder,
    env: { PATH: process.env.PATH ?? '', HOME: place.folder, WEBHOOK_SECRET: webhook.secret, PORT: String(port) },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  let output = ''
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder()
    for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>)
      output += decoder.decode(chunk, { stream: true })
  }
  const collected = Promise.all([collect(child.stdout), collect(child.stderr)])
  const answers = () =>
    fetch(url, { method: 'POST', body: '{}' }).then(
      () => true,
      () => false,
    )
  await eventually(answers, () => output)
  return {
    url,
    webhook: webhook as { id: number; secret: string },
    output: () => output,
    [Symbol.asyncDispose]: async () => {
      child.kill()
      await child.exited
      await collected
      await api('DELETE', `/webhooks/${webhook.id}`)
    },
  }
}

/** As sipkeeper signs, by hand. */
const signed = (secret: string, { at = Date.now() / 1000, body = '{"type":"forged"}', id = 'msg_forged' } = {}) => {
  const time = String(Math.floor(at))
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const signature = `v1,${createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64')}`
  return { body, headers: { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } }
}

const post = async (url: string, message: { body: string; headers: Record<string, string> }): Promise<number> =>
  (await fetch(url, { method: 'POST', ...message })).status

for (const receiver of RECEIVERS) {
  describe.skipIf(!hasProgram(receiver.program))(`the receiver ${receiver.name}`, () => {
    test('is ten lines', () => {
      expect(receiver.source.trimEnd().split('\n')).toHaveLength(10)
    })

    test('takes what is genuine, and nothing that somebody has forged, recorded or changed', async () => {
      await using server = await listening(receiver)
      const { webhook, url } = server
      expect(await api('POST', `/webhooks/${webhook.id}/test`)).toMatchObject({ status: 204, error: null })
      await eventually(() => /^msg_\w+ webhook\.test$/m.test(server.output()), server.output)

      const real = signed(webhook.secret)
      const other = `whsec_${Buffer.alloc(32).toString('base64')}`
      const { 'webhook-signature': signature, ...unsigned } = real.headers
      const forged = [
        signed(other),
        { ...real, body: '{"type":"changed"}' },
        { ...real, headers: { ...real.headers, 'webhook-id': 'msg_other' } },
        { ...real, headers: unsigned },
        { body: real.body, headers: {} },
        ...[
          '',
          'v1,',
          'v1',
          'v1,\u00e9\u00e9',
          'x'.repeat(5000),
          signature.slice(0, -2),
          signature.replace('v1', 'v2'),
        ].map((one) => ({ ...real, headers: { ...real.headers, 'webhook-signature': one } })),
        { ...real, headers: { ...real.headers, 'webhook-timestamp': 'now' } },
        signed(webhook.secret, { at: Date.now() / 1000 - 400 }),
        signed(webhook.secret, { at: Date.now() / 1000 + 400 }),
      ]
      for (const [index, message] of forged.entries()) expect([index, await post(url, message)]).toEqual([index, 401])
      expect(server.output()).not.toMatch(/forged|changed|msg_other/)
      // The same, as it was signed, is taken: what was refused was refused for its reason.
      expect(await post(url, real)).toBe(204)
      await eventually(() => server.output().includes('msg_forged forged'), server.output)
    })

    test('hears of an account, also while its secret is being replaced', async () => {
      await using server = await listening(receiver)
      const account = { password: 'correct-horse', algorithm: 'SHA-256' }
      const heard = () => [...server.output().matchAll(/^msg_\w+ account\.created$/gm)].length
      await api('POST', '/accounts', { ...account, username: `first${server.webhook.id}` })
      await eventually(() => heard() === 1, server.output)
      const { secret } = await api('POST', `/webhooks/${server.webhook.id}/rotate`)
      expect(secret).not.toBe(server.webhook.secret)
      await api('POST', '/accounts', { ...account, username: `second${server.webhook.id}` })
      await eventually(() => heard() === 2, server.output)
    })
  })
}

import { afterEach, beforeEach, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { type Installation, prepared, type Running, serve, sipkeeper } from '../support/executable.ts'

// The examples of docs/hooks.md, as they stand there, in the executable.

const EXAMPLES = [
  ...readFileSync(join(import.meta.dir, '../../docs/hooks.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs),
].map(([, source = '']) => source)
const [fromAddress = '', ofSpace = '', toService = ''] = EXAMPLES

let place: Installation & { admin: { api_key: string } }
let running: Running | null = null
let file: string

beforeEach(async () => {
  place = await prepared({ HOOKS_QUERY_PARAMS: 'transport' })
  file = join(place.folder, 'hooks.ts')
  place.env.HOOKS_FILE = file
})
afterEach(async () => {
  await running?.kill()
  running = null
  await place.remove()
})

const start = async (source: string, env: Record<string, string> = {}) => {
  writeFileSync(file, source)
  Object.assign(place.env, env)
  running = await serve(place)
  return running
}
const create = async ({ base }: Running, username: string) => {
  const reply = await fetch(`${base}/api/accounts`, {
    method: 'POST',
    headers: { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' },
    body: JSON.stringify({ username, password: 'correct-horse', algorithm: 'SHA-256', email: 'a@example.org' }),
  })
  expect(reply.status).toBe(200)
  return (await reply.json()) as { provisioning_token: string }
}
test('a proxy parameter comes from the address, if it is one of those that are allowed', async () => {
  const server = await start(fromAddress)
  const document = async (query: string) => {
    const { provisioning_token: token } = await create(server, `alice${crypto.randomUUID().slice(0, 8)}`)
    return (await fetch(`${server.base}/provisioning/${token}${query}`)).text()
  }
  expect(await document('?transport=tcp')).toContain('overwrite="true">&lt;sip:sip.example.org;transport=tcp&gt;')
  expect(await document('?transport=tls%3Bevil')).not.toContain('evil')
})

test('a Space has sections of its own, until SIGHUP brings others; a broken file changes nothing', async () => {
  const server = await start(ofSpace)
  const document = async () => (await fetch(`${server.base}/provisioning`)).text()
  expect(await document()).toEndWith('<section name="net"><entry name="mtu">1300</entry></section></config>')
  writeFileSync(file, ofSpace.replace('1300', '1280'))
  server.child.kill('SIGHUP')
  await eventually(async () => (await document()).includes('1280'))
  writeFileSync(file, 'export default {')
  server.child.kill('SIGHUP')
  await eventually(() => server.output().includes('HOOKS_FILE cannot be read'))
  expect(await document()).toContain('1280')
})

test('a service hears of a new account', async () => {
  const heard: unknown[] = []
  const crm = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      heard.push(await request.json())
      return new Response()
    },
  })
  try {
    const server = await start(toService, { CRM_URL: `http://127.0.0.1:${crm.port}/accounts` })
    await create(server, 'alice01')
    await eventually(() => heard.length === 1)
    expect(heard).toEqual([{ sip: 'alice01@sip.example.org', email: 'a@example.org', space: 'Example' }])
  } finally {
    await crm.stop(true)
  }
})

test('hooks:check and hooks:types say what an operator needs; a broken file keeps the server from starting', async () => {
  writeFileSync(file, fromAddress)
  const checked = await sipkeeper(['hooks:check', file, '--query', 'transport=udp'], place.env)
  expect([checked.code, checked.stdout.includes('transport=udp')]).toEqual([0, true])
  expect((await sipkeeper(['hooks:types'], place.env)).stdout).toStartWith("declare module 'sipkeeper/hooks' {")
  writeFileSync(file, 'export default { provisionning: {} }')
  for (const command of [['hooks:check', file], ['serve']]) {
    const { code, stderr } = await sipkeeper(command, place.env)
    expect([code, stderr.includes('provisionning')]).toEqual([78, true])
  }
})

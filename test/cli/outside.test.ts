import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { lanAddresses } from '../../src/cli/first-run.ts'
import { askFromOutside } from '../../src/cli/outside.ts'
import { translate } from '../../src/messages/messages.ts'
import { freePort } from '../support/postgres.ts'
import { place, serve, sipkeeper } from './command.ts'

const now = Date.UTC(2026, 7, 20, 10)
const DATE = new Date(now).toUTCString()

const findingsAt = async (address: string) =>
  Object.fromEntries((await askFromOutside(address, () => now)).map((one) => [one.name, one]))

/** Something that answers in the place of the server, as a proxy that was set up wrongly would. */
const answering = async (status: number, headers: Record<string, string>, body = '') => {
  const server = createServer((_request, reply) => {
    reply.sendDate = false
    reply.writeHead(status, { date: DATE, 'content-type': 'application/json', ...headers }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const found = await findingsAt(`http://127.0.0.1:${port}`)
  await new Promise((resolve) => server.close(resolve))
  return found
}

test('a host without an address is a finding', async () => {
  const found = await findingsAt('https://nowhere.invalid')
  expect(Object.keys(found)).toEqual(['DNS of nowhere.invalid'])
  expect(found['DNS of nowhere.invalid']).toMatchObject({ level: 'problem', hint: expect.stringContaining('record') })
})

test('an address where nobody answers is one', async () => {
  const found = await findingsAt(`http://127.0.0.1:${await freePort()}`)
  expect(found['answer of 127.0.0.1']).toMatchObject({ level: 'problem', hint: expect.stringContaining('port open') })
})

test('a redirection is one, and says where to', async () => {
  const found = await answering(301, { location: 'https://www.example.org/' })
  expect(found['redirect at 127.0.0.1']).toMatchObject({
    level: 'problem',
    detail: 'sends everybody on to https://www.example.org/',
    hint: expect.stringContaining('follow no redirections'),
  })
})

test('compression that nobody asked for is one', async () => {
  const found = await answering(200, { 'content-encoding': 'gzip' }, '{}')
  expect(found['compression at 127.0.0.1']).toMatchObject({ level: 'problem', detail: 'gzip, which was not asked for' })
})

test('a Host that the proxy has replaced is one, whether the server knows that host or not', async () => {
  const message = translate('en', { id: 'space.unknown_host', values: { host: '10.0.0.5' } })
  const unknown = await answering(404, {}, JSON.stringify({ message }))
  const known = await answering(200, {}, JSON.stringify({ servers: [{ url: 'https://other.example.org/' }] }))
  expect(unknown['Host at 127.0.0.1']).toMatchObject({ level: 'problem', detail: expect.stringContaining('10.0.0.5') })
  expect(known['Host at 127.0.0.1']).toMatchObject({ hint: expect.stringContaining('proxy_set_header Host $host') })
})

test('a clock that is more than 30 seconds off is one, 29 seconds are none', async () => {
  const at = (seconds: number) => answering(200, { date: new Date(now + seconds * 1000).toUTCString() }, '{}')
  expect((await at(-31))['clock of 127.0.0.1']).toMatchObject({
    level: 'problem',
    detail: expect.stringContaining('31 s'),
  })
  expect((await at(31))['clock of 127.0.0.1']?.level).toBe('problem')
  const near = await at(29)
  expect(near['clock of 127.0.0.1']).toBeUndefined()
  expect(near['answer of 127.0.0.1']?.level).toBe('ok')
})

test('what another program answers is one', async () => {
  expect((await answering(502, {}))['answer of 127.0.0.1']).toMatchObject({ level: 'problem', detail: 'HTTP 502' })
})

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sipkeeper-outside-'))
  const script = `
    openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 2 -subj /CN=Root -addext basicConstraints=critical,CA:true
    openssl req -newkey rsa:2048 -nodes -keyout middle.key -out middle.csr -subj /CN=Middle
    printf 'basicConstraints=critical,CA:true' > ca.ext
    openssl x509 -req -in middle.csr -CA root.pem -CAkey root.key -CAcreateserial -days 2 -out middle.pem -extfile ca.ext
    openssl req -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj /CN=localhost
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > leaf.ext
    openssl x509 -req -in leaf.csr -CA middle.pem -CAkey middle.key -CAcreateserial -days 2 -out leaf.pem -extfile leaf.ext
    cat leaf.pem middle.pem > chain.pem`
  const { exitCode, stderr } = Bun.spawnSync(['sh', '-ec', script], { cwd: folder })
  if (exitCode !== 0) throw new Error(stderr.toString())
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A TLS server with that certificate; `ask` is what a process that trusts our root finds. */
const findingsOverTls = async (certificate: string, protocols: string[]) => {
  const options = { cert: readFileSync(join(folder, certificate)), key: readFileSync(join(folder, 'leaf.key')) }
  const server = createTlsServer({ ...options, ALPNProtocols: protocols }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', () =>
      socket.end(`HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`),
    )
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const script = `
    import { askFromOutside } from ${JSON.stringify(join(import.meta.dir, '../../src/cli/outside.ts'))}
    console.log(JSON.stringify(await askFromOutside('https://localhost:${port}', () => ${now})))`
  const child = Bun.spawn([process.execPath, '-e', script], {
    env: { PATH: process.env.PATH ?? '', HOME: folder, NODE_EXTRA_CA_CERTS: join(folder, 'root.pem') },
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const found = JSON.parse(await new Response(child.stdout).text()) as { name: string; level: string }[]
  server.close()
  return Object.fromEntries(found.map((one) => [one.name, one]))
}

test('a certificate without the one of its issuer is an incomplete chain', async () => {
  const found = await findingsOverTls('leaf.pem', ['h2', 'http/1.1'])
  expect(found['certificate of localhost']).toMatchObject({
    level: 'problem',
    detail: expect.stringContaining('incomplete chain'),
    hint: expect.stringContaining('fullchain.pem'),
  })
})

test('the whole chain is good; without HTTP/2 Flexisip is warned about', async () => {
  const found = await findingsOverTls('chain.pem', ['http/1.1'])
  expect(found['certificate of localhost']?.level).toBe('ok')
  expect(found['HTTP/2 at localhost']).toMatchObject({ level: 'warning', hint: expect.stringContaining('Flexisip') })
})

test('doctor --public asks the address of a Space, without it nobody', async () => {
  const [host] = lanAddresses()
  if (host === undefined) return
  const port = await freePort()
  const settings = { APP_ROOT_HOST: host.replace(/[[\]]/g, ''), PUBLIC_SCHEME: 'http', PUBLIC_PORT: String(port) }
  await using here = await place({ ...settings, LISTEN: `0.0.0.0:${port}` })
  await using running = await serve(here)
  const name = `answer of ${settings.APP_ROOT_HOST}`
  const asked = await sipkeeper(['doctor', '--public', '--json'], here)
  const { findings } = JSON.parse(asked.stdout) as { findings: { name: string; level: string }[] }
  expect([asked.code, findings.filter((one) => one.name === name)]).toEqual([
    0,
    [expect.objectContaining({ level: 'ok' })],
  ])
  expect((await sipkeeper(['doctor'], here)).stdout).not.toContain(name)
  await running.stop()
  const down = await sipkeeper(['doctor', '--public'], here)
  expect([down.code, down.stdout]).toEqual([1, expect.stringContaining(`PROBLEM ${name}`)])
})

import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Call } from '../support/app.ts'
import { executable, sipkeeper } from '../support/executable.ts'
import { freePort } from '../support/postgres.ts'
import { visitor } from '../support/visitor.ts'

const home = mkdtempSync(join(tmpdir(), 'sipkeeper-e2e-'))
const started: Bun.Subprocess[] = []
afterAll(() => {
  for (const child of started) child.kill('SIGKILL')
  rmSync(home, { recursive: true, force: true })
})

const HAS_ENDED = 'The demonstration is gone.'

/** Starts it as somebody does who has nothing else, and waits for what it prints. */
const demo = async (options: string[] = [], env: Record<string, string> = {}) => {
  const port = await freePort()
  const child = Bun.spawn([executable, 'demo', '--listen', `127.0.0.1:${port}`, ...options], {
    cwd: home,
    env: { PATH: process.env.PATH ?? '', HOME: home, TMPDIR: home, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  started.push(child)
  const reader = child.stdout.getReader()
  const decoder = new TextDecoder()
  let printed = ''
  const readUntil = async (text: string) => {
    while (!printed.includes(text)) {
      const { value, done } = await reader.read()
      if (done) throw new Error(`it ended: ${printed}${await new Response(child.stderr).text()}`)
      printed += decoder.decode(value, { stream: true })
    }
  }
  await readUntil('Ctrl-C')
  const of = (name: string) =>
    [...printed.matchAll(new RegExp(`^ +${name} +(\\S+)`, 'gm'))].map(([, text]) => text ?? '')
  const [names, passwords, addresses] = [of('Name'), of('Password'), of('Address')]
  return {
    port,
    child,
    printed: () => printed,
    people: names.map((username, at) => ({ username, password: passwords[at] ?? '', address: addresses[at] ?? '' })),
    interrupt: async (last: string, signal: NodeJS.Signals = 'SIGINT') => {
      child.kill(signal)
      await readUntil(last)
      return child.exited
    },
  }
}

/** A browser on a host that leads to this machine, signed in with what was printed. */
const signedIn = async (
  port: number,
  { username, password, address }: Record<'username' | 'password' | 'address', string>,
) => {
  const { host } = new URL(address)
  const send = async (method: string, path: string, { headers = {}, body }: Call = {}) => {
    const content = body === undefined ? {} : { body: body as string }
    const reply = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      redirect: 'manual',
      headers: { ...headers, host, origin: `http://${host}` },
      ...content,
    })
    return { status: reply.status, headers: reply.headers, text: await reply.text(), json: null }
  }
  const browser = visitor({ send }, { host })
  await browser.open('/login')
  const { status } = await browser.submit({ username, password })
  return { status, open: browser.open }
}

test('somebody who tries it signs in with what it prints, finds people, calls and a history, and nothing is left', async () => {
  const began = performance.now()
  const trial = await demo()
  expect(performance.now() - began).toBeLessThan(10_000)
  expect(trial.people.map(({ username }) => username)).toEqual(['admin', 'office', 'marie.lefevre'])
  const [root, office, person] = trial.people
  if (root === undefined || office === undefined || person === undefined) throw new Error('three are printed')

  expect((await signedIn(trial.port, { ...root, password: 'not it' })).status).toBe(422)
  const above = await signedIn(trial.port, root)
  expect(above.status).toBe(302)
  const spaces = (await above.open('/admin/spaces')).text
  for (const name of ['Example Telecom', 'Atelier Lefèvre']) expect(spaces).toContain(name)
  expect((await above.open('/admin/accounts')).text).toContain('nora.vidal')

  const below = await signedIn(trial.port, office)
  expect(below.status).toBe(302)
  expect((await below.open('/admin/spaces')).status).toBe(403)
  const accounts = (await below.open('/admin/accounts')).text
  expect(accounts).toContain('Adrien Picard')
  expect(accounts).not.toContain('nora.vidal')
  expect((await below.open('/admin/audit_log')).text).toContain('victor.masson')

  expect((await below.open('/admin/statistics/call_logs')).text).toContain('carrier.example')

  const own = await signedIn(trial.port, person)
  expect(own.status).toBe(302)
  const telephony = (await own.open('/telephony')).text
  expect(telephony).toContain('sophie.roux@lefevre.example')
  expect(telephony).toContain('To office@lefevre.example')

  const folder = readdirSync(home).find((name) => name.startsWith('sipkeeper-demo-')) ?? ''
  expect((statSync(join(home, folder)).mode & 0o777).toString(8)).toBe('700')
  expect(await trial.interrupt(HAS_ENDED)).toBe(0)
  expect(readdirSync(home)).toEqual([])
})

test('a demonstration that is kept has fifty accounts and an unbroken audit log, and touches nothing that is there', async () => {
  const folder = join(home, 'kept')
  const other = join(home, 'other')
  // What belongs to somebody else is neither used nor changed.
  const trial = await demo(['--keep', folder], { DATA_DIR: other, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' })
  expect(await trial.interrupt(`Kept in ${folder}.`, 'SIGHUP')).toBe(0)
  expect(existsSync(other)).toBe(false)

  const env = { DATA_DIR: folder, HOME: home }
  const listed = await sipkeeper(['accounts:list', '--json'], env)
  const accounts = listed.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(accounts).toHaveLength(50)
  expect(accounts.filter(({ blocked }) => blocked)).toHaveLength(2)
  expect(accounts.filter(({ activated }) => !activated).length).toBeGreaterThan(3)
  expect((await sipkeeper(['audit:verify'], env)).code).toBe(0)
  const history = (await sipkeeper(['audit:export'], env)).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(history.length).toBeGreaterThan(100)
  const days = new Set(history.map(({ at }) => at.slice(0, 10)))
  expect(days.size).toBeGreaterThan(4)
  const whose = history.filter(({ action }) => action === 'account.created').map(({ actor }) => actor.name)
  for (const name of ['admin@telecom.example', 'office@lefevre.example']) expect(whose).toContain(name)

  const before = readFileSync(join(folder, 'app.key'), 'utf8')
  const again = await sipkeeper(['demo', '--keep', folder], env)
  expect([again.code, again.stderr]).toEqual([4, expect.stringContaining('is not empty')])
  expect(readFileSync(join(folder, 'app.key'), 'utf8')).toBe(before)
  rmSync(folder, { recursive: true })
})

test('it is not offered to a network without a name, nor under an address', async () => {
  const env = { HOME: home, TMPDIR: home }
  for (const options of [
    ['--listen', '0.0.0.0:8080'],
    ['--host', '192.0.2.1'],
    ['--listen', 'nowhere'],
  ]) {
    expect((await sipkeeper(['demo', ...options], env)).code).toBe(2)
  }
  writeFileSync(join(home, 'taken'), '')
  expect((await sipkeeper(['demo', '--keep', join(home, 'taken')], env)).code).not.toBe(0)
  rmSync(join(home, 'taken'))
  expect(readdirSync(home)).toEqual([])
})

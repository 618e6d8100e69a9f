import { expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { NetworkInterfaceInfo } from 'node:os'
import { join } from 'node:path'
import { lanAddresses } from '../../src/cli/first-run.ts'
import { eventually } from '../support/eventually.ts'
import { begin, databaseOf, place, placeWithSpace, readWelcome, serve, sipkeeper } from './command.ts'

/** Somebody else on a port of this machine. */
const occupied = async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

const shell = (line: string) =>
  Bun.spawnSync(['sh', '-c', line], { env: { PATH: process.env.PATH ?? '' } }).stdout.toString()

test('a port that is taken ends it with 1, and the first run is not used up', async () => {
  await using other = await occupied()
  await using here = await place()
  const taken = `127.0.0.1:${other.port}`
  for (const env of [{ LISTEN: taken }, { METRICS_LISTEN: taken }]) {
    const { code, stdout, stderr } = await sipkeeper(['serve'], here, { env })
    expect([code, stderr.trim().split('\n').length]).toEqual([1, 1])
    expect(stderr).toContain('another program listens there')
    expect(stdout).not.toContain('Password')
  }
  await using running = await serve(here)
  expect(readWelcome(running.output()).password).toHaveLength(16)
  expect(await running.stop()).toBe(0)
})

test('a certificate that cannot be read is a configuration error', async () => {
  await using here = await place({ TLS_CERT: '/nonexistent/cert.pem', TLS_KEY: '/nonexistent/key.pem' })
  const { code, stderr } = await sipkeeper(['serve'], here)
  expect([code, stderr]).toEqual([78, expect.stringContaining('/nonexistent/cert.pem')])
})

test('a local socket for the log that takes no connection is a configuration error that names what does', async () => {
  await using here = await place({ SECURITY_LOG_TARGET: 'syslog:/nonexistent/log' })
  const { code, stderr } = await sipkeeper(['serve'], here)
  expect([code, stderr]).toEqual([78, expect.stringMatching(/SECURITY_LOG_TARGET .* journald .* syslog:\/\//)])
  expect(existsSync(join(here.folder, 'sipkeeper.sqlite'))).toBe(false)
})

test('an administrator who would break the rules leaves no Space behind', async () => {
  await using here = await place({ ACCOUNT_USERNAME_REGEX: '^[0-9]+$' })
  const { code, stdout } = await sipkeeper(['serve'], here)
  expect([code, stdout.includes('Password')]).toEqual([78, false])
  await using database = databaseOf(here)
  expect(await database.query('SELECT * FROM spaces')).toEqual([])
})

test('the first run prints what works: password, key, curl line and QR code, once, and no log has them', async () => {
  await using here = await place({ ACCOUNT_PASSWORD_MIN_LENGTH: '20' })
  await using running = await serve(here)
  const welcome = readWelcome(running.output())
  expect([welcome.password.length, welcome.apiKey.length]).toEqual([20, 40])
  // The first log line comes after the last of what people read.
  expect(running.output().indexOf('{"time"')).toBeGreaterThan(running.output().indexOf('Everything is kept in'))
  expect(running.output()).toContain(`Everything is kept in ${here.folder}.`)
  expect(welcome.curl).toContain("-H 'content-type: application/json'")

  const account = JSON.parse(
    shell(welcome.curl.replace('curl', 'curl -s').replace('choose-a-password', 'x'.repeat(20))),
  )
  expect(account).toMatchObject({ username: 'alice01', domain: 'localhost', activated: true })
  const phone = await fetch(welcome.provisioningUrl, { headers: { 'x-linphone-provisioning': '1' } })
  expect([phone.status, await phone.text()]).toEqual([200, expect.stringContaining('sip:admin@localhost')])
  expect(await running.stop()).toBe(0)

  const printed = running.output().match(/^\{"time".*$|^.*security event=.*$/gm) ?? []
  expect(printed.join('\n')).toContain('event=space.created')
  const token = welcome.provisioningUrl.split('/').at(-1) ?? ''
  for (const secret of [welcome.password, welcome.apiKey, token]) expect(printed.join('\n')).not.toContain(secret)

  expect((statSync(join(here.folder, 'app.key')).mode & 0o777).toString(8)).toBe('600')
  const key = readFileSync(join(here.folder, 'app.key'), 'utf8')
  await using again = await serve(here)
  expect(again.output()).not.toContain('API key')
  const found = await fetch(`${again.base}/api/accounts/${account.id}`, { headers: { 'x-api-key': welcome.apiKey } })
  expect(await found.json()).toMatchObject({ username: 'alice01' })
  expect(readFileSync(join(here.folder, 'app.key'), 'utf8')).toBe(key)
})

test('no phone is sent to localhost: setup with an address of this machine is offered in place of a QR code', async () => {
  await using here = await place({ LISTEN: '127.0.0.1:0' })
  await using running = await serve(here)
  expect(running.output()).not.toContain('▀')
  expect(running.output()).toContain('Open the address in a browser')
  expect(running.output()).toMatch(/ setup --host (?:[\d.]+|\[[\da-f:]+\]|ADDRESS):8080\n/)
})

test('addresses that only this machine knows are not offered to phones', () => {
  const at = (address: string, family: 'IPv4' | 'IPv6', internal = false) =>
    ({ address, family, internal, netmask: '', mac: '', cidr: null, scopeid: 0 }) as NetworkInterfaceInfo
  const six = [at('fe80::1', 'IPv6'), at('2001:db8::7', 'IPv6')]
  const lo = [at('127.0.0.1', 'IPv4', true), at('::1', 'IPv6', true)]
  expect(lanAddresses({ lo, eth0: [at('169.254.7.7', 'IPv4'), ...six] })).toEqual(['[2001:db8::7]'])
  expect(lanAddresses({ lo, eth0: [...six, at('192.168.1.10', 'IPv4')] })).toEqual(['192.168.1.10'])
  expect(lanAddresses({ lo })).toEqual([])
})

test('with its logs in files the terminal gets the welcome and the files do not', async () => {
  await using here = await place()
  const log = join(here.folder, 'app.log')
  const env = { LOG_TARGET: `file:${log}` }
  const { child, finished } = begin(['serve'], here, { env })
  while (!existsSync(log) || !readFileSync(log, 'utf8').includes('"msg":"listening"')) await Bun.sleep(10)
  child.kill('SIGTERM')
  const { code, stdout, stderr } = await finished
  const { password, apiKey } = readWelcome(stdout)
  expect([code, stderr, password.length, apiKey.length]).toEqual([0, '', 16, 40])
  for (const secret of [password, apiKey]) expect(readFileSync(log, 'utf8')).not.toContain(secret)
})

test('behind a proxy people are sent to its address, and the curl line works on this machine at once', async () => {
  await using here = await place({ APP_ROOT_HOST: 'accounts.example.org' })
  await using running = await serve(here)
  const welcome = readWelcome(running.output())
  expect(welcome.provisioningUrl).toStartWith('https://accounts.example.org/provisioning/')
  expect(JSON.parse(shell(welcome.curl.replace('curl', 'curl -s')))).toMatchObject({ domain: 'accounts.example.org' })
})

test('two that start together on an empty database print one administrator between them', async () => {
  await using here = await place({ APP_KEY: `base64:${Buffer.alloc(32, 7).toString('base64')}` })
  const starting = [serve(here), serve(here)] as const
  await using one = await starting[0]
  await using two = await starting[1]
  const printed = [one, two].map(({ output }) => readWelcome(output()).apiKey).filter((key) => key !== '')
  expect(printed).toHaveLength(1)
  const me = await fetch(`${one.base}/api/accounts/me`, { headers: { 'x-api-key': printed[0] ?? '' } })
  expect(me.status).toBe(200)
})

test('SIGHUP opens a log file again that was moved away; healthcheck asks the running server', async () => {
  await using here = await placeWithSpace()
  const log = join(here.folder, 'security.log')
  await using running = await serve({ env: { ...here.env, SECURITY_LOG_TARGET: `file:${log}` } })
  const fail = () => fetch(`${running.base}/api/accounts/me`, { headers: { 'x-api-key': 'wrong' } })
  const failures = (file: string) =>
    existsSync(file) ? (readFileSync(file, 'utf8').match(/auth\.key\.fail/g) ?? []) : []
  await fail()
  await eventually(() => failures(log).length === 1)
  renameSync(log, `${log}.moved`)
  running.child.kill('SIGHUP')
  // The signal may arrive after the request that follows it: that line is in the old file still.
  await eventually(async () => {
    await fail()
    return failures(log).length > 0
  })
  const before = failures(`${log}.moved`).length
  await fail()
  await eventually(() => failures(log).length > 1)
  expect(failures(`${log}.moved`)).toHaveLength(before)

  const healthy = { env: { LISTEN: `127.0.0.1:${running.port}` } }
  const up = await sipkeeper(['healthcheck'], here, healthy)
  expect([up.code, up.stdout]).toEqual([0, 'up\n'])
  expect(await running.stop()).toBe(0)
  expect((await sipkeeper(['healthcheck'], here, healthy)).code).toBe(1)
})

test('the settings in force are shown with their sources, and no secret unless asked', async () => {
  const secret = `base64:${Buffer.alloc(32, 9).toString('base64')}`
  await using here = await place()
  const file = join(here.folder, 'settings')
  writeFileSync(file, `APP_NAME=Example\nAPP_KEY=${secret}\n`)
  const { code, stdout } = await sipkeeper(['config:show', '--json', '--env-file', file], here)
  expect([code, stdout.includes(secret)]).toEqual([0, false])
  expect(JSON.parse(stdout)).toMatchObject({
    APP_NAME: { value: 'Example', source: file },
    APP_KEY: { value: '***', source: file },
    LISTEN: { value: '127.0.0.1:0', source: 'environment' },
    LOG_LEVEL: { value: 'info', source: 'default' },
  })
  expect((await sipkeeper(['config:show', '--secrets', '--env-file', file], here)).stdout).toContain(secret)
  // Read as an env file it says the same again.
  const lines = (await sipkeeper(['config:show', '--env-file', file], here)).stdout.split('\n')
  const others = lines.indexOf('# As by default: Server')
  expect(lines[0]).toBe('# Other than the defaults')
  expect(lines.slice(0, others)).toContain(`APP_NAME=Example  # ${file}`)
  expect(lines.slice(0, others)).toContain(`APP_KEY=***  # ${file}`)
  expect(lines.slice(others)).toContain('LOG_LEVEL=info  # default')
})

test('mails follow their templates and settings after SIGHUP, and stay as they were when those are wrong', async () => {
  await using here = await placeWithSpace()
  const templates = join(here.folder, 'templates')
  mkdirSync(templates)
  const settings = (from: string) =>
    writeFileSync(
      join(here.folder, 'env'),
      `MAIL_DRIVER=file\nMAIL_FROM_ADDRESS=${from}\nTEMPLATES_PATH=${templates}\n`,
      { mode: 0o600 },
    )
  const subject = (text: string) => writeFileSync(join(templates, 'reset_password.subject'), text)
  settings('first@example.org')
  subject('first subject')
  const create = ['accounts:create-admin-account', '-u', 'boss', '-d', 'sip.example.org', '--json']
  const { id, api_key: key } = JSON.parse((await sipkeeper(create, here)).stdout)
  {
    await using database = databaseOf(here)
    await database.query(`UPDATE accounts SET email = 'boss@example.org' WHERE id = ${id}`)
  }
  await using running = await serve(here)
  const mails = () => {
    const folder = join(here.folder, 'mail')
    const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.eml')) : []
    return files.map((name) => readFileSync(join(folder, name), 'utf8'))
  }
  const send = async () => {
    const before = mails().length
    const reply = await fetch(`${running.base}/api/accounts/${id}/send_reset_password_email`, {
      method: 'POST',
      headers: { 'x-api-key': key },
    })
    expect(reply.status).toBe(200)
    await eventually(() => mails().length > before)
  }
  const hangUp = async () => {
    const times = () => running.output().split('read again after SIGHUP').length
    const before = times()
    running.child.kill('SIGHUP')
    await eventually(() => times() > before)
  }
  const count = (text: string) => mails().filter((mail) => mail.includes(text)).length

  await send()
  expect([count('Subject: first subject'), count('first@example.org')]).toEqual([1, 1])
  settings('second@example.org')
  subject('second subject')
  await hangUp()
  await send()
  expect([count('Subject: second subject'), count('second@example.org')]).toEqual([1, 1])

  subject('{{no_such_name}}')
  await hangUp()
  await send()
  settings('nobody')
  await hangUp()
  await send()
  expect([count('Subject: second subject'), count('second@example.org')]).toEqual([3, 3])
  expect(running.output()).toContain('the settings or templates of mails cannot be read')
  expect(running.output()).toContain('the settings cannot be read; those in force stay')
})

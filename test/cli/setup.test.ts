import { expect, test } from 'bun:test'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnvFile } from '../../src/config/env-file.ts'
import { freePort } from '../support/postgres.ts'
import { place, readWelcome, serve, sipkeeper } from './command.ts'

/** Nothing in the environment wins over what setup writes, except where the data is. */
const emptyPlace = () => place({ LISTEN: '' })

const settingsIn = (file: string) => Object.fromEntries(parseEnvFile(readFileSync(file, 'utf8'), file).values)

test('a refusal leaves neither a file of settings nor a changed one', async () => {
  await using here = await emptyPlace()
  const file = join(here.folder, 'settings')
  const refusals = [
    { code: 2, args: ['--host', 'accounts.example.org', '--domain', 'not a domain'] },
    { code: 2, args: ['--host', 'accounts.example.org', '--admin', 'Boss'] },
    { code: 2, args: ['--host', 'accounts.example.org', '--password', '12345'] },
    { code: 3, args: ['--host', 'accounts.example.org', '--country', 'XX'] },
  ]
  const codes = await Promise.all(
    refusals.map(async ({ args }) => (await sipkeeper(['setup', '--env-file', file, ...args], here)).code),
  )
  expect(codes).toEqual(refusals.map(({ code }) => code))
  expect(readdirSync(here.folder).filter((name) => name.startsWith('settings'))).toEqual([])
  const nowhere = await sipkeeper(['setup', '--env-file', '/proc/nowhere/env', '--host', 'localhost'], here)
  expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('/proc/nowhere/env cannot be written')])

  writeFileSync(file, 'LOG_LEVEL=loud\n')
  const broken = await sipkeeper(['setup', '--env-file', file, '--host', 'accounts.example.org'], here)
  expect([broken.code, broken.stderr]).toEqual([78, expect.stringContaining(`(${file})`)])
  expect(readFileSync(file, 'utf8')).toBe('LOG_LEVEL=loud\n')
})

test('an address with a port makes a Space for phones on the LAN, whose links keep both', async () => {
  await using here = await emptyPlace()
  const { code, stdout } = await sipkeeper(
    ['setup', '--host', '192.168.1.10:8080', '--domain', 'sip.lan.example', '--name', 'My LAN', '--country', 'FR,DE'],
    here,
  )
  expect(code).toBe(0)
  const welcome = readWelcome(stdout)
  expect(welcome.provisioningUrl).toMatch(/^http:\/\/192\.168\.1\.10:8080\/provisioning\/[A-Za-z0-9]{13}$/)
  expect(welcome.curl).toContain('http://192.168.1.10:8080/api/accounts')
  const file = join(here.folder, 'env')
  expect(stdout).toContain(`sipkeeper serve --env-file ${file}`)
  expect(settingsIn(file)).toEqual({
    APP_ROOT_HOST: '192.168.1.10',
    LISTEN: '0.0.0.0:8080',
    PUBLIC_SCHEME: 'http',
    PUBLIC_PORT: '8080',
    DATA_DIR: here.folder,
  })
  expect((statSync(file).mode & 0o777).toString(8)).toBe('600')
  expect(stdout).not.toContain('▀')

  // The port of the file is for the LAN; this machine may be using it.
  await using running = await serve({ env: { ...here.env, ...settingsIn(file), LISTEN: '127.0.0.1:0' } })
  expect(running.output()).not.toContain('API key')
  // The code is shown once the server answers, the first time that it does, and not to the journal.
  expect(running.output()).toMatch(/scan this with the app[\s\S]*▀[\s\S]*"msg":"listening"/)
  expect(readWelcome(running.output()).provisioningUrl).toBe(welcome.provisioningUrl)
  await using again = await serve({ env: { ...here.env, ...settingsIn(file), LISTEN: '127.0.0.1:0' } })
  expect(again.output()).not.toContain('▀')
  const asked = { host: '192.168.1.10:8080', 'x-api-key': welcome.apiKey }
  const reply = await fetch(`http://127.0.0.1:${running.port}/api/accounts`, { headers: asked })
  expect(await reply.json()).toMatchObject({ path: 'http://192.168.1.10:8080/api/accounts', total: 1 })
  const countries = await fetch(`http://127.0.0.1:${running.port}/api/phone_countries`, { headers: asked })
  const activated = ((await countries.json()) as { code: string; activated: boolean }[]).filter((one) => one.activated)
  expect(activated.map(({ code }) => code)).toEqual(['DE', 'FR'])
})

test('running it again keeps APP_KEY, every other line, the password and the API key', async () => {
  await using here = await emptyPlace()
  const file = join(here.folder, 'settings')
  const key = `base64:${Buffer.alloc(32, 5).toString('base64')}`
  const kept = `# ours\nAPP_KEY=${key}\nLISTEN=127.0.0.1:9000 # old\n\nAPP_NAME="A \\"B\\" #1"\n`
  writeFileSync(file, kept)
  chmodSync(file, 0o640)
  const args = ['setup', '--env-file', file, '--domain', 'sip.example.org']
  const first = await sipkeeper([...args, '--host', '192.168.1.10:8080'], here)
  expect(first.code).toBe(0)
  expect(readFileSync(file, 'utf8')).toStartWith(
    `# ours\nAPP_KEY=${key}\nLISTEN=0.0.0.0:8080\n\nAPP_NAME="A \\"B\\" #1"\n`,
  )
  expect((statSync(file).mode & 0o777).toString(8)).toBe('640')
  expect(existsSync(join(here.folder, 'app.key'))).toBe(false)
  const welcome = readWelcome(first.stdout)
  expect(welcome.password).toHaveLength(16)

  const before = readFileSync(file, 'utf8')
  const again = await sipkeeper([...args, '--host', '192.168.1.10:8080'], here)
  expect([again.code, readWelcome(again.stdout)]).toEqual([0, { ...welcome, password: '', apiKey: '', curl: '' }])
  expect(readFileSync(file, 'utf8')).toBe(before)
  await using running = await serve({ env: { ...here.env, ...settingsIn(file), LISTEN: '127.0.0.1:0' } })
  const headers = { host: '192.168.1.10', 'x-api-key': welcome.apiKey }
  expect((await fetch(`http://127.0.0.1:${running.port}/api/accounts/me`, { headers })).status).toBe(200)

  // A host without a port: a proxy has come between.
  const moved = await sipkeeper([...args, '--host', 'accounts.example.org', '--password-stdin'], here, {
    stdin: 'a-new-password\n',
  })
  expect([moved.code, moved.stdout.includes('a-new-password')]).toEqual([0, false])
  expect(readWelcome(moved.stdout).provisioningUrl).toStartWith('https://accounts.example.org/provisioning/')
  const { PUBLIC_PORT, PUBLIC_SCHEME, APP_ROOT_HOST, TRUSTED_PROXIES } = settingsIn(file)
  expect([PUBLIC_PORT, PUBLIC_SCHEME, APP_ROOT_HOST, TRUSTED_PROXIES]).toEqual([
    undefined,
    undefined,
    'accounts.example.org',
    '127.0.0.1/32',
  ])
})

test('whoever has a setting in the environment is told that it wins', async () => {
  await using here = await place({ LISTEN: '127.0.0.1:9999' })
  const { code, stderr } = await sipkeeper(['setup', '--host', '192.168.1.10:8080'], here)
  expect([code, stderr]).toEqual([0, expect.stringContaining('LISTEN=127.0.0.1:9999 in the environment wins')])
})

test('what setup wrote without --env-file every command finds by itself, and says so', async () => {
  await using here = await emptyPlace()
  const port = await freePort()
  const setUp = await sipkeeper(['setup', '--host', `127.0.0.1:${port}`, '--domain', 'sip.lan.example'], here)
  expect(setUp.code).toBe(0)
  const file = join(here.folder, 'env')
  // The first Space is for this machine alone.
  expect([setUp.stdout.includes('▀'), setUp.stdout]).toEqual([false, expect.stringContaining('cannot reach localhost')])

  const shown = await sipkeeper(['config:show', '--json'], here)
  expect(JSON.parse(shown.stdout).PUBLIC_PORT).toEqual({ value: String(port), source: file, differs: true })
  expect(shown.stderr).toBe(`Settings: ${file}\n`)
  expect((await sipkeeper(['config:show', '--quiet'], here)).stderr).toBe('')

  await using running = await serve({ env: { ...here.env, LISTEN: '127.0.0.1:0' } })
  expect(running.output()).toContain(`"msg":"starting","settings":"${file}","data":"${here.folder}"`)
  const headers = { host: `127.0.0.1:${port}`, 'x-api-key': readWelcome(setUp.stdout).apiKey }
  const reply = await fetch(`http://127.0.0.1:${running.port}/api/accounts/me`, { headers })
  expect(reply.status).toBe(200)
})

test('a QR code that opens an account is not printed where the journal keeps it', async () => {
  await using here = await emptyPlace()
  await sipkeeper(['setup', '--host', '192.168.1.10:8080', '--domain', 'sip.lan.example'], here)
  await using running = await serve({ env: { ...here.env, LISTEN: '127.0.0.1:0', JOURNAL_STREAM: '8:1' } })
  expect(running.output()).not.toContain('/provisioning/')
  expect(running.output()).toContain('is shown on the dashboard')
})

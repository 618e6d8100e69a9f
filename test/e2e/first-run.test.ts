import { expect, test } from 'bun:test'
import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { executable, installation, serve, sipkeeper } from '../support/executable.ts'
import { freePort } from '../support/postgres.ts'

test('the executable, alone in an empty folder with nothing configured, is used through the line it prints', async () => {
  const port = await freePort()
  // The default port may be taken on this machine; everything else is what a stranger gets.
  const place = await installation({ LISTEN: `127.0.0.1:${port}` })
  const alone = join(place.folder, 'sipkeeper')
  copyFileSync(executable, alone)
  const running = await serve(place, [alone])
  const welcome = running.output()
  const line = /^ +(curl .*)$/m.exec(welcome)?.[1] ?? ''
  const curl = Bun.spawnSync(['sh', '-c', line], { env: { PATH: process.env.PATH ?? '', HOME: place.folder } })
  const account = JSON.parse(curl.stdout.toString())
  expect(account).toMatchObject({ username: 'alice01', domain: 'localhost', activated: true })

  const password = /Password +(\S+)/.exec(welcome)?.[1] ?? ''
  const key = /API key +(\S+)/.exec(welcome)?.[1] ?? ''
  const url = /^ +(http:\S+\/provisioning\/\S+)$/m.exec(welcome)?.[1] ?? ''
  expect([password.length, key.length]).toEqual([16, 40])
  const phone = await fetch(url, { headers: { 'x-linphone-provisioning': '1' } })
  expect([phone.status, await phone.text()]).toEqual([200, expect.stringContaining('sip:admin@localhost')])
  const withoutKey = await fetch(`${running.base}/api/accounts/${account.id}`)
  expect(withoutKey.status).toBe(401)
  const withKey = await fetch(`${running.base}/api/accounts/${account.id}`, { headers: { 'x-api-key': key } })
  expect(await withKey.json()).toMatchObject({ id: account.id, username: 'alice01' })

  expect(await running.stop()).toBe(0)
  const log = running.output().match(/^\{"time".*$|^.*security event=.*$/gm) ?? []
  expect(log.length).toBeGreaterThan(1)
  const token = url.split('/').at(-1) ?? ''
  const secrets = [password, key, token, account.provisioning_token, 'choose-a-password']
  for (const secret of secrets) expect(log.join('\n')).not.toContain(secret)

  expect((statSync(join(place.folder, 'app.key')).mode & 0o777).toString(8)).toBe('600')
  const before = readFileSync(join(place.folder, 'app.key'), 'utf8')
  const again = await serve(place, [alone])
  const me = await fetch(`${again.base}/api/accounts/me`, { headers: { 'x-api-key': key } })
  expect([me.status, await me.json()]).toEqual([200, expect.objectContaining({ username: 'admin', admin: true })])
  expect((await fetch(url)).status).toBe(404)
  for (const text of ['API key', 'Password', ...secrets]) expect(again.output()).not.toContain(text)
  expect(readFileSync(join(place.folder, 'app.key'), 'utf8')).toBe(before)
  expect(await again.stop()).toBe(0)
  await place.remove()
})

test('code that lies in the folder it is started from is not run', async () => {
  const place = await installation()
  writeFileSync(join(place.folder, 'bunfig.toml'), 'preload = ["./preload.ts"]\n')
  writeFileSync(join(place.folder, 'preload.ts'), "await Bun.write('it-ran', '')\n")
  writeFileSync(join(place.folder, 'package.json'), '{"type": "commonjs"}')
  const { code, stderr } = await sipkeeper(['migrate'], place.env)
  expect([code, stderr]).toEqual([0, ''])
  expect(existsSync(join(place.folder, 'it-ran'))).toBe(false)
  await place.remove()
})

test('all configuration problems are listed at once, with exit code 78', async () => {
  const place = await installation({ LISTEN: 'nowhere', APP_KEY: 'short', PUBLIC_PORT: '-1' })
  const { code, stderr } = await sipkeeper(['serve'], place.env)
  expect(code).toBe(78)
  for (const name of ['LISTEN', 'APP_KEY', 'PUBLIC_PORT']) expect(stderr).toContain(name)
  await place.remove()
})

test('a phone on the LAN gets links with the address and port that setup was told', async () => {
  const place = await installation()
  const { code, stdout } = await sipkeeper(
    ['setup', '--host', '192.168.1.10:8080', '--domain', 'sip.lan.example'],
    place.env,
  )
  expect(code).toBe(0)
  expect(stdout).toMatch(/http:\/\/192\.168\.1\.10:8080\/provisioning\/[A-Za-z0-9]{13}/)
  const key = /API key +(\S+)/.exec(stdout)?.[1] ?? ''
  const running = await serve({ env: { ...place.env, APP_ROOT_HOST: '192.168.1.10', PUBLIC_PORT: '8080' } })
  const reply = await fetch(`http://127.0.0.1:${running.port}/api/accounts`, {
    headers: { host: '192.168.1.10:8080', 'x-api-key': key },
  })
  expect((await reply.json()).path).toBe('http://192.168.1.10:8080/api/accounts')
  await running.stop()
  await place.remove()
})

test('commands say what they did as one JSON object, and refuse with the documented codes', async () => {
  const place = await installation()
  const space = await sipkeeper(
    ['spaces:create-update', 'sip.example.org', 'localhost', 'Example', '--super', '--json'],
    place.env,
  )
  expect([space.code, JSON.parse(space.stdout)]).toEqual([
    0,
    { domain: 'sip.example.org', host: 'localhost', created: true },
  ])
  const again = await sipkeeper(
    ['spaces:create-update', 'sip.example.org', 'localhost', 'Example', '--no-super'],
    place.env,
  )
  expect(again.code).toBe(4)
  const create = [
    'accounts:create-admin-account',
    '-u',
    'root',
    '-p',
    'correct-horse',
    '-d',
    'sip.example.org',
    '--json',
  ]
  const made = await sipkeeper(create, place.env)
  expect(Object.keys(JSON.parse(made.stdout)).sort()).toEqual(['api_key', 'domain', 'id', 'username'])
  expect((await sipkeeper(create, place.env)).code).toBe(4)
  expect((await sipkeeper([...create, '--update'], place.env)).code).toBe(0)
  expect((await sipkeeper(['accounts:create-admin-account', '-u', 'x'], place.env)).code).toBe(2)
  expect((await sipkeeper(['accounts:set-admin', 'nobody@sip.example.org'], place.env)).code).toBe(3)
  expect((await sipkeeper(['no-such-command'], place.env)).code).toBe(2)
  expect((await sipkeeper(['migrate'], place.env)).stdout).toContain('up to date')
  expect((await sipkeeper(['version'], place.env)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  await place.remove()
})

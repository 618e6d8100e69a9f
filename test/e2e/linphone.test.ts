import { describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasProgram, prepared, type Running, serve } from '../support/executable.ts'

/** The rc file of a Linphone client that knows nothing but our URL. */
const newClient = () => {
  const home = mkdtempSync(join(tmpdir(), 'sipkeeper-linphone-'))
  // Without this folder the core never starts.
  mkdirSync(join(home, '.local/share/linphone'), { recursive: true })
  const rc = join(home, 'linphonerc')
  writeFileSync(rc, '[sip]\nsip_port=-1\nsip_tcp_port=-1\nsip_tls_port=-1\n')
  return { home, rc, remove: () => rmSync(home, { recursive: true, force: true }) }
}

/** Starts the client on the URL until its rc file has `sign`: what it printed, and the file afterwards. */
const provision = async ({ home, rc }: ReturnType<typeof newClient>, url: string, sign = '[auth_info_0]') => {
  writeFileSync(rc, `${readFileSync(rc, 'utf8').replace(/^config-uri=.*\n/gm, '')}\n[misc]\nconfig-uri=${url}\n`)
  const child = Bun.spawn(['linphonec', '-c', rc], {
    env: { HOME: home, PATH: process.env.PATH ?? '' },
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'ignore',
  })
  let output = ''
  const reading = (async () => {
    const decoder = new TextDecoder()
    for await (const chunk of child.stdout as unknown as AsyncIterable<Uint8Array>) output += decoder.decode(chunk)
  })()
  const deadline = Date.now() + 15_000
  while (!readFileSync(rc, 'utf8').includes(sign) && Date.now() < deadline) {
    await Bun.sleep(200)
    child.stdin.write('proxy list\n')
    child.stdin.flush()
  }
  child.stdin.write('proxy list\nquit\n')
  child.stdin.end()
  const killer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await child.exited
  clearTimeout(killer)
  await reading
  return { output, rc: readFileSync(rc, 'utf8') }
}

/** What its first four `auth_info_<k>` hold. */
const credentials = (rc: string) =>
  [0, 1, 2, 3].map((index) => ['username', 'realm', 'ha1'].map((key) => entry(rc, `auth_info_${index}`, key)))
const NOTHING = [null, null, null]

const entry = (rc: string, section: string, key: string): string | null => {
  const body = rc.split(`[${section}]\n`)[1]?.split(/^\[/m)[0] ?? ''
  return new RegExp(`^${key}=(.*)$`, 'm').exec(body)?.[1] ?? null
}

/** Calls the API as the administrator, who is never refused. */
const asking =
  ({ base }: Running, { admin }: Awaited<ReturnType<typeof prepared>>) =>
  async (method: string, path: string, body?: object) => {
    const reply = await fetch(`${base}/api${path}`, {
      method,
      headers: { 'x-api-key': admin.api_key, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    expect([method, path, reply.status < 300]).toEqual([method, path, true])
    return reply.json()
  }

describe.skipIf(!hasProgram('linphonec'))('a real Linphone client', () => {
  test('configures itself from our URL, holds the account, and the URL is spent', async () => {
    const place = await prepared()
    const running = await serve(place)
    const created = await fetch(`${running.base}/api/accounts`, {
      method: 'POST',
      headers: { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' },
      body: JSON.stringify({
        username: 'carol.1',
        password: 'correct-horse',
        algorithm: 'SHA-256',
        display_name: 'Carol "C" & <é> 🙂',
      }),
    })
    const { provisioning_token: token } = await created.json()
    const url = `${running.base}/provisioning/${token}`

    const client = newClient()
    const { output, rc } = await provision(client, url)
    // Its own list of accounts, not only the file.
    expect(output).toContain('sip:carol.1@sip.example.org')
    expect(entry(rc, 'proxy_0', 'reg_identity')).toBe('"Carol \\"C\\" & <é> 🙂" <sip:carol.1@sip.example.org>')
    expect(entry(rc, 'proxy_0', 'reg_proxy')).toBe('<sip:sip.example.org;transport=tls>')
    expect(entry(rc, 'auth_info_0', 'realm')).toBe('sip.example.org')
    expect(entry(rc, 'auth_info_0', 'algorithm')).toBe('SHA-256')
    const ha1 = Bun.SHA256.hash('carol.1:sip.example.org:correct-horse', 'hex')
    expect(entry(rc, 'auth_info_0', 'ha1')).toBe(ha1)
    expect((await fetch(url)).status).toBe(404)
    client.remove()
    await running.stop()
    await place.remove()
  })

  test('holds byte for byte what a Space, an address book and a carrier say, and takes over what changes', async () => {
    const place = await prepared()
    const running = await serve(place)
    const ask = asking(running, place)
    const values = {
      quoted: `it's "so" & <so>; #1`,
      uri: '<sip:a@b.example;transport=tls>',
      url: 'https://h.example/?a=b&c=%20d',
      words: 'été 🙂 שלום مرحبا',
      entity: 'a&amp;b',
    }
    const write = async (round: number) => {
      const lines = Object.entries({ ...values, quoted: `'${values.quoted.replaceAll("'", '’')}'` })
      const entries = `[custom]\n${lines.map(([key, value]) => `${key}=${value}`).join('\n')}\n[round_${round}]\ndone=1\n`
      const space = await ask('GET', '/spaces/sip.example.org')
      const flags = { carddav_user_credentials: true, custom_provisioning_overwrite_all: true }
      await ask('PUT', '/spaces/sip.example.org', { ...space, ...flags, custom_provisioning_entries: entries })
    }
    await write(1)
    const uri = 'https://dav.example/books/?a=1&b=<2>'
    const server = await ask('POST', '/spaces/sip.example.org/carddavs', { uri, enabled: true })
    const name = `"Al" & \\ <د. سميرة> 'שלום' 🙂👩‍👩‍👧 ;#`
    const carol = { username: 'carol.1', password: 'correct-horse', algorithm: 'SHA-256', display_name: name }
    const account = await ask('POST', '/accounts', carol)
    const dav = { username: 'carol@dav', password: 'dav-horse', realm: 'dav & "co"', algorithm: 'MD5' }
    await ask('PUT', `/accounts/${account.id}/carddavs/${server.id}`, dav)
    const line = { username: 'ext', domain: 'carrier.example', password: 'carrier-horse', protocol: 'TLS' }
    await ask('POST', `/accounts/${account.id}/external`, { ...line, realm: 'voice', outbound_proxy: 'edge.example' })

    const client = newClient()
    const { rc } = await provision(client, `${running.base}/provisioning/${account.provisioning_token}`, '[round_1]')
    const held = Object.fromEntries(Object.keys(values).map((key) => [key, entry(rc, 'custom', key)]))
    expect(held).toEqual({ ...values, quoted: values.quoted.replaceAll("'", '’') })
    expect(entry(rc, 'remote_contact_directory_0', 'uri')).toBe(uri)
    const quoted = name.replace(/[\\"]/g, '\\$&')
    expect(entry(rc, 'proxy_0', 'reg_identity')).toBe(`"${quoted}" <sip:carol.1@sip.example.org>`)
    // Its own spelling of an address without a name.
    expect(entry(rc, 'proxy_1', 'reg_identity')).toBe('sip:ext@carrier.example')
    expect(entry(rc, 'proxy_0', 'depends_on')).toBeNull()
    expect(entry(rc, 'proxy_1', 'reg_proxy')).toBe('<sip:carrier.example;transport=tls>')
    expect(entry(rc, 'proxy_1', 'reg_route')).toBe('<sip:edge.example;lr>')
    const md5 = (text: string) => Bun.MD5.hash(text, 'hex')
    const own = ['carol.1', 'sip.example.org', Bun.SHA256.hash('carol.1:sip.example.org:correct-horse', 'hex')]
    expect(credentials(rc)).toEqual([
      ['carol@dav', 'dav & "co"', md5('carol@dav:dav & "co":dav-horse')],
      own,
      ['ext', 'voice', md5('ext:voice:carrier-horse')],
      NOTHING,
    ])

    await write(2)
    await ask('DELETE', `/accounts/${account.id}/carddavs/${server.id}`)
    await ask('DELETE', `/accounts/${account.id}/external`)
    const { provisioning_token: second } = await ask('GET', `/accounts/${account.id}/provision`)
    const again = await provision(client, `${running.base}/provisioning/${second}`, '[round_2]')
    expect(credentials(again.rc)).toEqual([own, NOTHING, NOTHING, NOTHING])
    expect(entry(again.rc, 'proxy_0', 'depends_on')).toBeNull()
    expect(again.output).toContain('sip:carol.1@sip.example.org')
    client.remove()
    await running.stop()
    await place.remove()
  }, 60_000)

  test('that is set up again after a new password and without its line holds nothing of before', async () => {
    const place = await prepared()
    const running = await serve(place)
    const ask = asking(running, place)
    const carol = { username: 'carol.1', password: 'correct-horse', algorithm: 'MD5' }
    const account = await ask('POST', '/accounts', carol)
    const line = { username: 'ext', domain: 'carrier.example', password: 'carrier-horse', protocol: 'TLS' }
    await ask('POST', `/accounts/${account.id}/external`, line)
    const md5 = (text: string) => Bun.MD5.hash(text, 'hex')

    const client = newClient()
    const { rc } = await provision(client, `${running.base}/provisioning/${account.provisioning_token}`)
    expect(credentials(rc)).toEqual([
      ['carol.1', 'sip.example.org', md5('carol.1:sip.example.org:correct-horse')],
      ['ext', 'carrier.example', md5('ext:carrier.example:carrier-horse')],
      NOTHING,
      NOTHING,
    ])

    await ask('DELETE', `/accounts/${account.id}/external`)
    await ask('PUT', `/accounts/${account.id}`, { ...carol, password: 'another-horse', algorithm: 'SHA-256' })
    const { provisioning_token: second } = await ask('GET', `/accounts/${account.id}/provision`)
    const ha1 = Bun.SHA256.hash('carol.1:sip.example.org:another-horse', 'hex')
    const again = await provision(client, `${running.base}/provisioning/${second}`, ha1)
    expect(credentials(again.rc)).toEqual([['carol.1', 'sip.example.org', ha1], NOTHING, NOTHING, NOTHING])
    expect(entry(again.rc, 'auth_info_0', 'algorithm')).toBe('SHA-256')
    expect(entry(again.rc, 'proxy_0', 'depends_on')).toBeNull()
    expect(again.output).toContain('sip:carol.1@sip.example.org')
    client.remove()
    await running.stop()
    await place.remove()
  }, 60_000)
})

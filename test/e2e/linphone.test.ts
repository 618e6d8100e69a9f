import { describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasProgram, prepared, serve } from '../support/executable.ts'

/** A fresh Linphone client that knows nothing but our URL: what it printed, and its rc file afterwards. */
const startClient = async (url: string) => {
  const home = mkdtempSync(join(tmpdir(), 'sipkeeper-linphone-'))
  // Without this folder the core never starts.
  mkdirSync(join(home, '.local/share/linphone'), { recursive: true })
  const rc = join(home, 'linphonerc')
  const quiet = '[sip]\nsip_port=-1\nsip_tcp_port=-1\nsip_tls_port=-1\n'
  writeFileSync(rc, `[misc]\nconfig-uri=${url}\n${quiet}`)
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
  while (!readFileSync(rc, 'utf8').includes('[auth_info_0]') && Date.now() < deadline) {
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
  const rcText = readFileSync(rc, 'utf8')
  rmSync(home, { recursive: true, force: true })
  return { output, rc: rcText }
}

const entry = (rc: string, section: string, key: string): string | null => {
  const body = rc.split(`[${section}]\n`)[1]?.split('\n[')[0] ?? ''
  return new RegExp(`^${key}=(.*)$`, 'm').exec(body)?.[1] ?? null
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

    const { output, rc } = await startClient(url)
    // Its own list of accounts, not only the file.
    expect(output).toContain('sip:carol.1@sip.example.org')
    expect(entry(rc, 'proxy_0', 'reg_identity')).toBe('"Carol \\"C\\" & <é> 🙂" <sip:carol.1@sip.example.org>')
    expect(entry(rc, 'proxy_0', 'reg_proxy')).toBe('<sip:sip.example.org;transport=tls>')
    expect(entry(rc, 'auth_info_0', 'realm')).toBe('sip.example.org')
    expect(entry(rc, 'auth_info_0', 'algorithm')).toBe('SHA-256')
    const ha1 = Bun.SHA256.hash('carol.1:sip.example.org:correct-horse', 'hex')
    expect(entry(rc, 'auth_info_0', 'ha1')).toBe(ha1)
    expect((await fetch(url)).status).toBe(404)
    await running.stop()
    await place.remove()
  })
})

import { describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasProgram, prepared, serve } from '../support/executable.ts'
import { canBuildClients, runClient } from '../support/linphone.ts'

/** A fresh Linphone client that configures itself from our URL: its log once it has fetched its address book. */
const fetchAddressBook = async (url: string): Promise<string> => {
  const home = mkdtempSync(join(tmpdir(), 'sipkeeper-linphone-'))
  // Without this folder the core never starts.
  mkdirSync(join(home, '.local/share/linphone'), { recursive: true })
  const [rc, log] = [join(home, 'linphonerc'), join(home, 'log')]
  writeFileSync(rc, `[misc]\nconfig-uri=${url}\n[sip]\nsip_port=-1\nsip_tcp_port=-1\nsip_tls_port=-1\n`)
  writeFileSync(log, '')
  const child = Bun.spawn(['linphonec', '-d', '5', '-l', log, '-c', rc], {
    env: { HOME: home, PATH: process.env.PATH ?? '' },
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
  })
  const deadline = Date.now() + 15_000
  while (!readFileSync(log, 'utf8').includes('END:VCARD') && Date.now() < deadline) await Bun.sleep(100)
  child.stdin.write('quit\n')
  child.stdin.end()
  const killer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await child.exited
  clearTimeout(killer)
  const text = readFileSync(log, 'utf8')
  rmSync(home, { recursive: true, force: true })
  return text
}

/** The server, and how its administrator writes to it. */
const started = async () => {
  const place = await prepared()
  const running = await serve(place)
  const headers = { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' }
  const post = async (path: string, body: object = {}) => {
    const reply = await fetch(`${running.base}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    expect(reply.ok).toBe(true)
    const text = await reply.text()
    return text === '' ? null : JSON.parse(text)
  }
  const account = (username: string, more: object = {}) =>
    post('/api/accounts', { username, password: 'correct-horse', algorithm: 'SHA-256', ...more })
  const get = (path: string) => fetch(`${running.base}${path}`, { headers })
  return { place, running, get, post, account }
}

describe.skipIf(!hasProgram('linphonec'))('a real Linphone client', () => {
  test('fetches its address book with DIGEST, and can read every card of it', async () => {
    const { place, running, post, account } = await started()
    const carol = await account('carol.1')
    const { id: type } = await post('/api/account_types', { key: 'door' })
    // It reads no card at all where one of them has a line that it does not understand.
    const names = ['Doe, Jane; "J" \\ x: y', `${'é'.repeat(60)} 🙂 李`, '']
    for (const [index, display_name] of names.entries()) {
      const { id } = await account(`contact-${index}`, { display_name, dtmf_protocol: 'sipinfo' })
      await post(`/api/accounts/${id}/types/${type}`)
      await post(`/api/accounts/${id}/actions`, { key: 'open', code: '123' })
      await post(`/api/accounts/${carol.id}/contacts/${id}`)
    }

    const log = await fetchAddressBook(`${running.base}/provisioning/${carol.provisioning_token}`)
    // It logs what arrives up to the first byte that is not ASCII.
    expect(log.includes('FN:Doe\\, Jane; "J" \\\\ x: y')).toBe(true)
    expect(log.match(/Failed to parse .*/)).toBeNull()
    await running.stop()
    await place.remove()
  }, 60_000)
})

describe.skipIf(!canBuildClients())('a real Linphone client with many contacts', () => {
  test('a list that is too long to be sent whole reaches the phone, chunked', async () => {
    const { place, running, get, post, account } = await started()
    const { admin } = place
    const expected: string[] = []
    // Four pieces and more, which end anywhere inside of a card.
    for (let index = 0; index < 600; index += 1) {
      const display_name = `${index} ${'Zoé Łukasz '.repeat(22)}end`
      const { id } = await account(`contact-${index}`, { display_name })
      await post(`/api/accounts/${admin.id}/contacts/${id}`)
      expected.push(`contact: contact-${index} ${display_name}`)
    }
    const whole = await get('/contacts/vcard')
    expect([whole.headers.get('transfer-encoding'), whole.headers.get('content-length')]).toEqual(['chunked', null])
    expect((await whole.text()).length).toBeGreaterThan(200_000)

    const { provisioning_token } = await (await get(`/api/accounts/${admin.id}/provision`)).json()
    const source = join(import.meta.dir, 'address-book.c')
    const url = `${running.base}/provisioning/${provisioning_token}`
    const { code, output } = await runClient(source, place.folder, [url])
    const read = output.split('\n').filter((line) => line.startsWith('contact: '))
    expect([code, read.toSorted()]).toEqual([0, expected.toSorted()])
    await running.stop()
    await place.remove()
  }, 120_000)
})

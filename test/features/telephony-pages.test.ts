import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { testFolder } from '../support/folder.ts'
import { visitor } from '../support/visitor.ts'
import { form, wav } from '../support/voice.ts'

// Calls, voicemails and call forwarding on pages (behaviour/panel.md §4.10 and behaviour/panel.md §4.11).

let t: TestApp
let folder: string
let admin: TestAccount
let alice: TestAccount
let bob: TestAccount
beforeEach(async () => {
  folder = mkdtempSync(join(testFolder, 'telephony-'))
  t = await testApp({ env: { DATA_DIR: folder } })
  admin = await t.account({ username: 'admin', admin: true })
  alice = await t.account({ username: 'alice', email: 'alice@example.org' })
  bob = await t.account({ username: 'bob', email: 'bob@example.org' })
})
afterEach(async () => {
  await t.close()
  rmSync(folder, { recursive: true, force: true })
})

const signedIn = async ({ username, password }: TestAccount, host = 'localhost') => {
  const browser = visitor(t, { host })
  await browser.open('/login')
  expect((await browser.submit({ username, password })).status).toBe(302)
  return browser
}
type Browser = Awaited<ReturnType<typeof signedIn>>

const slotFor = async ({ id }: TestAccount, from: string | null = 'sip:carol@sip.example.org') => {
  const body = { content_type: 'audio/wav', sip_from: from }
  return (await t.post(`/api/accounts/${id}/voicemails`, { as: admin, body })).json.id as string
}
const leave = async (account: TestAccount, from?: string | null) => {
  const id = await slotFor(account, from)
  expect((await t.post(`/api/files/${id}`, { as: admin, ...form(wav(34)) })).status).toBe(200)
  return id
}
const rulesOf = async (as: TestAccount) => (await t.get('/api/accounts/me/call_forwardings', { as })).json
const rule = async (as: TestAccount, body: object): Promise<number> =>
  (await t.post('/api/accounts/me/call_forwardings', { as, body: { enabled: true, ...body } })).json.id
const VOICEMAIL = { type: 'busy', forward_to: 'voicemail' }

const reportCall = async (id: string, from: string, to: string, at: string, state?: string) => {
  const parties = { from: `${from}@sip.example.org`, to: `${to}@sip.example.org` }
  const body = { id, ...parties, initiated_at: at, ended_at: state === undefined ? null : at.replace(':00Z', ':34Z') }
  expect((await t.post('/api/statistics/calls', { as: admin, body })).status).toBe(200)
  if (state === undefined) return
  const path = `/api/statistics/calls/${id}/devices/urn:uuid:1b7e0a2c-0000-4000-8000-000000000001`
  expect((await t.send('PATCH', path, { as: admin, body: { invite_terminated: { at, state } } })).status).toBe(201)
}
const main = (text: string) => text.slice(text.indexOf('<main'), text.indexOf('</main'))
const calls = async (browser: Browser, query = '') => main((await browser.open(`/statistics/call_logs${query}`)).text)

describe('nobody', () => {
  test('who is not signed in sees or does any of it', async () => {
    const id = await rule(alice, VOICEMAIL)
    const uuid = await leave(alice)
    const before = await t.snapshot()
    for (const path of [
      '/telephony',
      '/telephony/forwardings/create',
      `/telephony/forwardings/${id}`,
      `/telephony/voicemails/${uuid}/delete`,
      '/statistics/call_logs',
      '/statistics/call_logs/export',
    ]) {
      const { status, headers } = await t.get(path, { headers: { accept: 'text/html' } })
      expect([path, status, headers.get('location')]).toEqual([path, 302, `/login?next=${encodeURIComponent(path)}`])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('sees or changes what is of another account, an administrator of another Space among them', async () => {
    const id = await rule(alice, VOICEMAIL)
    const uuid = await leave(alice)
    await reportCall('c1', 'carol', 'alice', '2026-03-01T10:00:00Z', 'accepted')
    const foreign = await t.account({ username: 'alice', space: t.other, admin: true, email: 'other@example.org' })
    for (const [who, host] of [
      [bob, 'localhost'],
      [foreign, t.other.host],
    ] as const) {
      const browser = await signedIn(who, host)
      const before = await rulesOf(alice)
      for (const path of [`/telephony/forwardings/${id}`, `/telephony/voicemails/${uuid}/delete`]) {
        expect([path, (await browser.open(path)).status]).toEqual([path, 404])
      }
      for (const path of ['/telephony', '/dashboard', '/statistics/call_logs', '/statistics/call_logs/export']) {
        expect((await browser.open(path)).text).not.toContain('carol')
      }
      const token = /name="form_token" value="([^"]+)"/.exec((await browser.open('/sessions')).text)?.[1] ?? ''
      const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      for (const path of [
        `/telephony/forwardings/${id}`,
        `/telephony/forwardings/${id}/turn`,
        `/telephony/forwardings/${id}/delete`,
        `/telephony/voicemails/${uuid}/delete`,
      ]) {
        const reply = await t.post(path, {
          host,
          headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({ form_token: token, forward_to: 'voicemail', enabled: '0' }).toString(),
        })
        expect([path, reply.status]).toEqual([path, 404])
      }
      expect(await rulesOf(alice)).toEqual(before)
      expect((await t.get('/api/accounts/me/voicemails', { as: alice })).json.length).toBe(1)
    }
  })
})

describe('call forwarding', () => {
  const CREATE = '/telephony/forwardings/create'
  const POST = { form: '/telephony/forwardings' }

  test('is an empty state with the next step, and then a rule', async () => {
    const browser = await signedIn(alice)
    const empty = await browser.open('/telephony')
    expect(empty.text).toContain('No calls are forwarded')
    expect(empty.text).toContain(`href="${CREATE}"`)
    await browser.open(CREATE)
    const made = await browser.submit(
      { type: 'no_answer', forward_to: 'sip_uri', sip_uri: 'reception@example.org' },
      POST,
    )
    expect([made.status, made.headers.get('location')]).toEqual([302, '/telephony'])
    expect(await rulesOf(alice)).toMatchObject([
      { type: 'no_answer', forward_to: 'sip_uri', sip_uri: 'sip:reception@example.org', enabled: true },
    ])
    const page = main((await browser.open('/telephony')).text)
    for (const text of ['When nobody answers', 'To reception@example.org', 'Turn off']) expect(page).toContain(text)
  })

  test('says at its field what is wrong, keeps what was typed, and stores nothing', async () => {
    await rule(alice, VOICEMAIL)
    const before = await rulesOf(alice)
    const browser = await signedIn(alice)
    for (const [fields, note] of [
      [{ type: 'always', forward_to: 'voicemail' }, 'disable the other forwarding first'],
      [{ type: 'no_answer', forward_to: 'sip_uri' }, 'Fill in this field.'],
      [{ type: 'no_answer', forward_to: 'sip_uri', sip_uri: 'nowhere at all' }, 'Enter a SIP address'],
      [
        { type: 'no_answer', forward_to: 'sip_uri', sip_uri: 'alice@sip.example.org' },
        'cannot forward its calls to itself',
      ],
      [
        { type: 'no_answer', forward_to: 'contact', contact_id: String(bob.id) },
        'must be in the address book of the account',
      ],
      [{ type: 'busy', forward_to: 'voicemail' }, 'in use already'],
    ] as const) {
      await browser.open(CREATE)
      const refused = await browser.submit({ sip_uri: '', ...fields }, POST)
      expect([fields, refused.status]).toEqual([fields, 422])
      expect(main(refused.text)).toContain(note)
      if ('sip_uri' in fields) expect(refused.text).toContain(`value="${fields.sip_uri}"`)
    }
    expect(await rulesOf(alice)).toEqual(before)
  })

  test('goes to somebody in the address book, and to nobody else', async () => {
    const browser = await signedIn(alice)
    expect((await browser.open(CREATE)).text).toContain('The address book is empty.')
    await t.post(`/api/accounts/${alice.id}/contacts/${bob.id}`, { as: admin })
    const page = await browser.open(CREATE)
    expect(page.text).toContain(`<option value="${bob.id}">bob@sip.example.org</option>`)
    expect(page.text).not.toContain(`<option value="${admin.id}">`)
    const stranger = { type: 'always', forward_to: 'contact', contact_id: String(admin.id) }
    const refused = await browser.submit(stranger, { ...POST, stay: true })
    expect([refused.status, main(refused.text).includes('Choose somebody from the address book.')]).toEqual([422, true])
    await browser.submit({ type: 'always', forward_to: 'contact', contact_id: String(bob.id) }, POST)
    expect(await rulesOf(alice)).toMatchObject([{ type: 'always', forward_to: 'contact', contact_id: bob.id }])
  })

  test('is turned off and on from the list; what that contradicts is said on the page of the rule', async () => {
    const busy = await rule(alice, { type: 'busy', forward_to: 'sip_uri', sip_uri: 'sip:reception@example.org' })
    await rule(alice, { type: 'always', forward_to: 'voicemail', enabled: false })
    const always = (await rulesOf(alice)).find(({ type }: { type: string }) => type === 'always').id
    const browser = await signedIn(alice)
    await browser.open('/telephony')
    const refused = await browser.submit({}, { form: `/telephony/forwardings/${always}/turn` })
    expect(refused.status).toBe(422)
    expect(refused.text).toContain('Forward all calls')
    expect(refused.text).toContain('disable the other forwarding first')
    await browser.open('/telephony')
    expect((await browser.submit({}, { form: `/telephony/forwardings/${busy}/turn` })).status).toBe(302)
    await browser.open('/telephony')
    expect((await browser.submit({}, { form: `/telephony/forwardings/${always}/turn` })).status).toBe(302)
    const rules = (await rulesOf(alice)) as { type: string; enabled: boolean; sip_uri: string | null }[]
    expect(rules.map(({ type, enabled, sip_uri }) => [type, enabled, sip_uri]).sort()).toEqual([
      ['always', true, null],
      ['busy', false, 'sip:reception@example.org'],
    ])
  })

  test('keeps where it sends calls when a tab that was opened before turns it off or on', async () => {
    const id = await rule(alice, { type: 'busy', forward_to: 'sip_uri', sip_uri: 'sip:old@example.org' })
    const path = `/api/accounts/me/call_forwardings/${id}`
    const tab = await signedIn(alice)
    const turn = () => tab.submit({}, { form: `/telephony/forwardings/${id}/turn`, stay: true })
    await tab.open('/telephony')
    const elsewhere = { forward_to: 'sip_uri', sip_uri: 'sip:new@example.org', enabled: true }
    expect((await t.send('PUT', path, { as: alice, body: elsewhere })).status).toBe(200)
    expect((await turn()).status).toBe(302)
    expect(await rulesOf(alice)).toMatchObject([{ sip_uri: 'sip:new@example.org', enabled: false }])
    await tab.open('/telephony')
    expect(
      (await t.send('PUT', path, { as: alice, body: { ...elsewhere, enabled: false, forward_to: 'voicemail' } }))
        .status,
    ).toBe(200)
    expect((await turn()).status).toBe(302)
    expect(await rulesOf(alice)).toMatchObject([{ forward_to: 'voicemail', enabled: true }])
    // A button that says neither changes nothing.
    await tab.open('/telephony')
    expect((await tab.submit({ enabled: 'perhaps' }, { form: `/telephony/forwardings/${id}/turn` })).status).toBe(422)
    expect(await rulesOf(alice)).toMatchObject([{ forward_to: 'voicemail', enabled: true }])
  })

  test('to somebody who left the address book is turned off, and not on', async () => {
    await t.post(`/api/accounts/${alice.id}/contacts/${bob.id}`, { as: admin })
    const id = await rule(alice, { type: 'busy', forward_to: 'contact', contact_id: bob.id })
    const tab = await signedIn(alice)
    const turn = () => tab.submit({}, { form: `/telephony/forwardings/${id}/turn` })
    await tab.open('/telephony')
    expect((await t.send('DELETE', `/api/accounts/${alice.id}/contacts/${bob.id}`, { as: admin })).status).toBe(200)
    expect((await turn()).status).toBe(302)
    await tab.open('/telephony')
    const refused = await turn()
    expect([refused.status, main(refused.text).includes('address book')]).toEqual([422, true])
    expect(await rulesOf(alice)).toMatchObject([{ enabled: false }])
  })

  test('is changed, and removed; what is removed is not found again', async () => {
    const id = await rule(alice, VOICEMAIL)
    const browser = await signedIn(alice)
    await browser.open(`/telephony/forwardings/${id}`)
    // A box that is not ticked is not sent.
    const changed = { forward_to: 'sip_uri', sip_uri: 'sip:reception@example.org', enabled: '0' }
    expect((await browser.submit(changed, { form: `/telephony/forwardings/${id}`, stay: true })).status).toBe(302)
    expect(await rulesOf(alice)).toMatchObject([{ type: 'busy', forward_to: 'sip_uri', enabled: false }])
    const asked = await browser.open(`/telephony/forwardings/${id}/delete`)
    for (const text of [
      'Remove this forwarding?',
      'When the line is busy',
      'To reception@example.org',
      'turn it off',
    ]) {
      expect(main(asked.text)).toContain(text)
    }
    expect(await rulesOf(alice)).toHaveLength(1)
    const removed = await browser.submit({}, { stay: true })
    expect([removed.status, removed.headers.get('location')]).toEqual([302, '/telephony'])
    expect(await rulesOf(alice)).toEqual([])
    expect((await browser.submit({}, { stay: true })).status).toBe(404)
    expect((await browser.open(`/telephony/forwardings/${id}/delete`)).status).toBe(404)
    expect((await browser.open('/telephony/forwardings/no-number')).status).toBe(404)
  })
})

describe('voicemails', () => {
  test('are played from this host, and slots that wait for their file are not there', async () => {
    await slotFor(alice)
    const browser = await signedIn(alice)
    const before = await browser.open('/telephony')
    expect(before.text).toContain('No messages')
    expect(before.headers.get('content-security-policy')).not.toContain('media-src')
    await leave(alice)
    await leave(alice, null)
    const page = await browser.open('/telephony')
    expect(page.headers.get('content-security-policy')).toContain("media-src 'self'")
    for (const text of ['carol@sip.example.org', 'Unknown caller', '0:34', '544 kB', '2 messages']) {
      expect(page.text).toContain(text)
    }
    const players = [...page.text.matchAll(/<audio controls preload="none" src="([^"]+)"/g)].map(([, src = '']) => src)
    expect(players.length).toBe(2)
    // Signed: good without a session, and for ever shorter than the message is kept.
    const played = await t.get((players[0] ?? '').replaceAll('&amp;', '&'), { headers: { accept: 'audio/*' } })
    expect([played.status, played.headers.get('content-type')]).toEqual([200, 'audio/wav'])
  })

  test('are deleted after a question, by their own page only', async () => {
    const uuid = await leave(alice)
    const browser = await signedIn(alice)
    expect((await browser.open('/telephony')).text).toContain(`/telephony/voicemails/${uuid}/delete`)
    const asked = await browser.open(`/telephony/voicemails/${uuid}/delete`)
    expect(asked.text).toContain('Delete this message?')
    expect((await t.get('/api/accounts/me/voicemails', { as: alice })).json.length).toBe(1)
    const done = await browser.submit({}, { stay: true })
    expect([done.status, done.headers.get('location')]).toEqual([302, '/telephony'])
    expect((await t.get('/api/accounts/me/voicemails', { as: alice })).json).toEqual([])
    expect((await browser.submit({}, { stay: true })).status).toBe(404)
    for (const id of [uuid, await slotFor(alice), 'nothing']) {
      expect((await browser.open(`/telephony/voicemails/${id}/delete`)).status).toBe(404)
    }
  })

  test('cannot be left for who has no address: the page says so, and leads to the form', async () => {
    const browser = await signedIn(await t.account({ username: 'dave' }))
    const page = await browser.open('/telephony')
    expect(page.text).toContain('Nobody can leave a message yet')
    expect(main(page.text)).toContain('href="/email/change"')
  })

  test('are twenty a page', async () => {
    for (let left = 0; left < 21; left += 1) await leave(alice)
    const browser = await signedIn(alice)
    const players = async (path: string) => [...(await browser.open(path)).text.matchAll(/<audio /g)].length
    expect([
      await players('/telephony'),
      await players('/telephony?page=2'),
      await players('/telephony?page=9'),
    ]).toEqual([20, 1, 1])
  })
})

describe('who called', () => {
  const card = (uid: string, name: string, ...uris: string[]) =>
    ['BEGIN:VCARD', 'VERSION:4.0', `UID:${uid}`, `FN:${name}`, ...uris.map((uri) => `IMPP:${uri}`), 'END:VCARD'].join(
      '\n',
    )
  const keep = async (as: TestAccount, vcard: string) =>
    expect((await t.post('/api/accounts/me/vcards-storage', { as, body: { vcard } })).status).toBe(201)

  test('is named as the address book of the person has it: contacts, lists, then the cards of the app', async () => {
    const [carol, dave] = [
      await t.account({ username: 'carol', displayName: 'Carol <Directory>' }),
      await t.account({ username: 'dave', displayName: 'Dave of the List' }),
    ]
    await t.account({ username: 'stranger', displayName: 'Nobody Knows' })
    await t.post(`/api/accounts/${alice.id}/contacts/${carol.id}`, { as: admin })
    const list = (await t.post('/api/contacts_lists', { as: admin, body: { title: 'Team', description: 'x' } })).json.id
    await t.post(`/api/contacts_lists/${list}/contacts/${dave.id}`, { as: admin })
    await t.post(`/api/accounts/${alice.id}/contacts_lists/${list}`, { as: admin })
    await keep(alice, card('1', 'Erin\\, at home', 'sip:ERIN@elsewhere.example;transport=tls'))
    await keep(alice, card('2', 'Carol in the app', 'sip:carol@sip.example.org'))
    await keep(bob, card('3', 'Stranger of Bob', 'sip:stranger@sip.example.org'))
    for (const from of [
      'carol@sip.example.org',
      'dave@sip.example.org',
      'erin@elsewhere.example',
      'stranger@sip.example.org',
    ]) {
      await leave(alice, `sip:${from}`)
    }
    for (const [id, from] of Object.entries({ c1: 'carol', c2: 'dave', c3: 'stranger' })) {
      await reportCall(id, from, 'alice', '2026-03-01T10:00:00Z', 'accepted')
    }
    const browser = await signedIn(alice)
    const words = (html: string) => html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ')
    const telephony = (await browser.open('/telephony')).text
    for (const text of [
      'Carol &lt;Directory> carol@sip.example.org',
      'Dave of the List dave@sip.example.org',
      'Erin, at home erin@elsewhere.example',
    ]) {
      expect(words(main(telephony))).toContain(text)
    }
    expect(telephony).toContain('Dave of the List (dave@sip.example.org)')
    const log = words(await calls(browser))
    for (const text of ['Carol &lt;Directory> carol@sip.example.org', 'Dave of the List dave@sip.example.org']) {
      expect(log).toContain(text)
    }
    expect(words((await browser.open('/dashboard')).text)).toContain('Dave of the List dave@sip.example.org')
    for (const page of [telephony, log]) {
      for (const other of ['Nobody Knows', 'Stranger of Bob', 'Carol in the app']) expect(page).not.toContain(other)
    }
    const [, uuid = ''] = /voicemails\/([0-9a-f-]+)\/delete/.exec(telephony.slice(telephony.indexOf('Dave of'))) ?? []
    expect((await browser.open(`/telephony/voicemails/${uuid}/delete`)).text).toContain('Dave of the List (dave@')
  })
})

describe('the call log', () => {
  test('says what becomes of it where there is nothing', async () => {
    const page = await calls(await signedIn(alice))
    expect(page).toContain('No calls yet')
    expect(page).not.toContain('export')
  })

  test('names the other one, the direction, what became of it and how long', async () => {
    await reportCall('c1', 'carol', 'alice', '2026-03-01T10:00:00Z', 'accepted')
    await reportCall('c2', 'dave', 'alice', '2026-03-01T11:00:00Z', 'canceled')
    await reportCall('c3', 'alice', 'erin', '2026-03-01T12:00:00Z', 'canceled')
    await reportCall('c4', 'alice', 'frank', '2026-03-01T13:00:00Z', 'declined_elsewhere')
    await reportCall('c5', 'alice', 'grace', '2026-03-01T14:00:00Z')
    await reportCall('c6', 'bob', 'carol', '2026-03-01T15:00:00Z', 'accepted')
    const page = await calls(await signedIn(alice))
    const rows = [...page.matchAll(/<tr role="row">(.*?)<\/tr>/gs)].slice(1).map(([, row = '']) =>
      row
        .replaceAll(/<[^>]+>/g, ' ')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    )
    expect(rows).toEqual([
      'Outgoing: grace@sip.example.org Failed 1 Mar 2026, 14:00 UTC',
      'Outgoing: frank@sip.example.org Declined 1 Mar 2026, 13:00 UTC 0:34',
      'Outgoing: erin@sip.example.org Cancelled 1 Mar 2026, 12:00 UTC 0:34',
      'Incoming: dave@sip.example.org Missed 1 Mar 2026, 11:00 UTC 0:34',
      'Incoming: carol@sip.example.org Answered 1 Mar 2026, 10:00 UTC 0:34',
    ])
  })

  test('is narrowed by direction and by days, both included; what cannot be asked for counts as not asked', async () => {
    await reportCall('c1', 'carol', 'alice', '2026-03-01T00:00:00Z', 'accepted')
    await reportCall('c2', 'alice', 'dave', '2026-03-02T23:59:00Z', 'accepted')
    await reportCall('c3', 'erin', 'alice', '2026-03-03T00:00:00Z', 'accepted')
    const browser = await signedIn(alice)
    const who = async (query: string) =>
      [...(await calls(browser, query)).matchAll(/class="id">(\w+)@/g)].map(([, name]) => name).join(' ')
    for (const [query, found] of [
      ['', 'erin dave carol'],
      ['?direction=incoming', 'erin carol'],
      ['?direction=outgoing', 'dave'],
      ['?from=2026-03-01&to=2026-03-02', 'dave carol'],
      ['?direction=incoming&from=2026-03-02&to=2026-03-03', 'erin'],
      ['?to=2026-03-01', 'carol'],
      ['?from=2026-02-30&to=yesterday&direction=sideways&page=x', 'erin dave carol'],
      ['?from[]=1&direction=', 'erin dave carol'],
    ] as const) {
      expect([query, await who(query)]).toEqual([query, found])
    }
    const none = await calls(browser, '?from=2030-01-01&direction=incoming')
    expect(none).toContain('No such calls')
    expect(none).toContain('href="/statistics/call_logs">Show all calls')
  })

  test('is thirty a page, keeps its filter from page to page, and as CSV it is whole', async () => {
    for (let at = 0; at < 31; at += 1) {
      await reportCall(`c${at}`, 'carol', 'alice', `2026-03-01T10:${String(at).padStart(2, '0')}:00Z`, 'accepted')
    }
    await reportCall('out', 'alice', 'dave', '2026-03-01T12:00:00Z', 'accepted')
    const browser = await signedIn(alice)
    const first = await calls(browser, '?direction=incoming')
    expect([...first.matchAll(/<th role="rowheader"/g)].length).toBe(30)
    expect(first).toContain('href="/statistics/call_logs?direction=incoming&amp;page=2"')
    expect(first).toContain('href="/statistics/call_logs/export?direction=incoming"')
    expect([...(await calls(browser, '?direction=incoming&page=2')).matchAll(/<th role="rowheader"/g)].length).toBe(1)
    const csv = await browser.open('/statistics/call_logs/export?direction=incoming')
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(csv.headers.get('content-disposition')).toMatch(/^attachment; filename="calls-\d{4}-\d\d-\d\d\.csv"$/)
    const lines = csv.text.trimEnd().split('\n')
    expect([lines.length, lines[0]]).toEqual([32, 'from,to,initiated_at,ended_at,duration_seconds,outcome'])
    expect(lines[1]).toBe(
      '"sip:carol@sip.example.org","sip:alice@sip.example.org",2026-03-01T10:30:00.000Z,2026-03-01T10:30:34.000Z,34,accepted',
    )
  })
})

describe('the start page', () => {
  test('has cards only where there is something to say', async () => {
    await rule(alice, { ...VOICEMAIL, enabled: false })
    const browser = await signedIn(alice)
    const before = main((await browser.open('/dashboard')).text)
    for (const text of ['Call forwarding', 'Voicemail', 'Latest calls']) expect(before).not.toContain(text)
    await rule(alice, { type: 'no_answer', forward_to: 'voicemail' })
    for (let left = 0; left < 4; left += 1) await leave(alice)
    for (const minute of [1, 2, 3, 4]) {
      await reportCall(`c${minute}`, `caller-${minute}`, 'alice', `2026-03-01T10:0${minute}:00Z`, 'accepted')
    }
    const after = main((await browser.open('/dashboard')).text)
    for (const text of ['When nobody answers', 'To the voicemail', 'All messages (4)', 'caller-4', 'caller-2']) {
      expect(after).toContain(text)
    }
    expect(after).not.toContain('When the line is busy')
    expect(after).not.toContain('caller-1@')
    expect([...after.matchAll(/<audio /g)].length).toBe(3)
    expect(after).toContain('href="sip:caller-4@sip.example.org"')
  })
})

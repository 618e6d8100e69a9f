import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Call, type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { testFolder } from '../support/folder.ts'
import { form, opus, wav } from '../support/voice.ts'

// Voicemails and their files (behaviour/telephony.md §9 and its files).

let t: TestApp
let folder: string
let admin: TestAccount
let alice: TestAccount
let bob: TestAccount

const start = async (env: Record<string, string> = {}) => {
  folder = mkdtempSync(join(testFolder, 'voicemails-'))
  t = await testApp({ env: { DATA_DIR: folder, APP_API_KEY_EXPIRATION_MINUTES: '0', ...env } })
  admin = await t.account({ username: 'admin', admin: true })
  alice = await t.account({ username: 'alice', email: 'alice@example.org' })
  bob = await t.account({ username: 'bob', email: 'bob@example.org' })
}
const stop = async () => {
  await t.close()
  rmSync(folder, { recursive: true, force: true })
}

/** Every file below `files`, whole or begun. */
const kept = (): string[] => {
  const files = join(folder, 'files')
  if (!existsSync(files)) return []
  return readdirSync(files, { recursive: true, encoding: 'utf8' }).filter((name) => /[0-9a-f]{12}$/.test(name))
}
const rows = () => t.db.read.select().from(t.db.tables.voicemails)

const slotFor = async (account: TestAccount, body: object = {}, call: Call = { as: admin }) =>
  (await t.post(`/api/accounts/${account.id}/voicemails`, { ...call, body: { content_type: 'audio/wav', ...body } }))
    .json
const upload = (id: string, file: Buffer | null, more: Parameters<typeof form>[1] = {}, call: Call = { as: admin }) =>
  t.post(`/api/files/${id}`, { ...call, ...form(file, more) })
const heard = async (account: TestAccount, file = wav(), type = 'audio/wav') => {
  const { id } = await slotFor(account, { content_type: type, sip_from: 'sip:carol@sip.example.org' })
  const { status, json, text } = await upload(id, file)
  if (status !== 200) throw new Error(text)
  return json
}
/** The path and query of a link, for a request. */
const at = (link: string) => link.replace(/^https?:\/\/[^/]+/, '')

describe('a slot', () => {
  beforeAll(() => start())
  afterAll(stop)

  test('is refused to an account without an address before anything else is looked at', async () => {
    const dave = await t.account({ username: 'dave' })
    const before = await t.snapshot()
    for (const [path, as] of [
      ['/api/accounts/me/voicemails', dave],
      [`/api/accounts/${dave.id}/voicemails`, admin],
    ] as const) {
      const refused = await t.post(path, { as, body: {} })
      expect([refused.status, Object.keys(refused.json)]).toEqual([422, ['message']])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('is refused without one of two types, and from what is no SIP URI', async () => {
    const before = await t.snapshot()
    const refusals: [object, string[]][] = [
      [{}, ['content_type']],
      [{ content_type: 'image/jpg' }, ['content_type']],
      [{ content_type: 'audio/ogg' }, ['content_type']],
      [{ content_type: ['audio/wav'] }, ['content_type']],
      [{ content_type: 'audio/wav', sip_from: 'bob' }, ['sip_from']],
      [{ content_type: 'audio/wav', sip_from: 'tel:+33612345678' }, ['sip_from']],
      [{ content_type: 'audio/wav', sip_from: `sip:${'b'.repeat(600)}@sip.example.org` }, ['sip_from']],
      [{ sip_from: {} }, ['content_type', 'sip_from']],
    ]
    for (const [body, fields] of refusals) {
      const refused = await t.post('/api/accounts/me/voicemails', { as: alice, body })
      expect([body, refused.status, Object.keys(refused.json.errors ?? {})]).toEqual([body, 422, fields])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('of an account that nobody has is 404, and another’s is an administrator’s to make', async () => {
    for (const id of ['99999', '0', 'x']) {
      expect((await t.post(`/api/accounts/${id}/voicemails`, { as: admin, body: {} })).status).toBe(404)
    }
    expect((await t.post(`/api/accounts/${bob.id}/voicemails`, { as: alice, body: {} })).status).toBe(403)
    expect((await t.post('/api/accounts/me/voicemails', { body: {} })).status).toBe(401)
  })

  test('is made with its type, and says where the file goes and how long it may be', async () => {
    const reply = await t.post(`/api/accounts/${alice.id}/voicemails`, {
      as: admin,
      body: { content_type: 'audio/opus', sip_from: 'sip:bob@sip.example.org' },
    })
    const { id } = reply.json
    expect(reply.status).toBe(201)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(reply.json).toEqual({
      id,
      name: null,
      size: null,
      content_type: 'audio/opus',
      sip_from: 'sip:bob@sip.example.org',
      created_at: '2026-06-01T12:00:00.000000Z',
      uploaded_at: null,
      download_url: null,
      upload_url: `http://localhost/api/files/${id}`,
      max_upload_size: 33_554_432,
    })
    const { upload_url: _, max_upload_size: __, ...shown } = reply.json
    for (const [base, as] of [
      ['/api/accounts/me/voicemails', alice],
      [`/api/accounts/${alice.id}/voicemails`, admin],
    ] as const) {
      expect((await t.get(`${base}/${id}`, { as })).json).toEqual(shown)
      expect((await t.get(base, { as })).json).toContainEqual(shown)
    }
  })

  test('may come from nobody, and reads null then', async () => {
    const { id, sip_from } = (
      await t.post('/api/accounts/me/voicemails', { as: alice, body: { content_type: 'audio/wav' } })
    ).json
    expect(sip_from).toBeNull()
    const shown = (await t.get(`/api/accounts/me/voicemails/${id}`, { as: alice })).json
    expect(Object.values(shown).filter((value) => value === null)).toHaveLength(5)
  })

  test('stands first in the list when it is the newest', async () => {
    const [first, second] = [await slotFor(bob), await slotFor(bob)]
    const listed = (await t.get('/api/accounts/me/voicemails', { as: bob })).json
    expect(listed.map(({ id }: { id: string }) => id)).toEqual([second.id, first.id])
  })

  test('is deleted by its account or an administrator, and nobody else’s is: once', async () => {
    const [own, other] = [await slotFor(alice), await slotFor(bob)]
    expect((await t.delete(`/api/accounts/me/voicemails/${other.id}`, { as: alice })).status).toBe(404)
    expect((await t.delete(`/api/accounts/${alice.id}/voicemails/${other.id}`, { as: admin })).status).toBe(404)
    expect((await t.delete(`/api/accounts/me/voicemails/${own.id}`, { as: alice })).json).toBe(1)
    expect((await t.delete(`/api/accounts/${bob.id}/voicemails/${other.id}`, { as: admin })).json).toBe(1)
    for (const [path, as] of [
      [`/api/accounts/me/voicemails/${own.id}`, alice],
      [`/api/accounts/${bob.id}/voicemails/${other.id}`, admin],
    ] as const) {
      expect([(await t.get(path, { as })).status, (await t.delete(path, { as })).status]).toEqual([404, 404])
    }
    expect((await rows()).filter(({ uuid }) => [own.id, other.id].includes(uuid))).toEqual([])
  })
})

describe('an upload', () => {
  beforeEach(() => start())
  afterEach(stop)

  test('is an administrator’s: not a stranger’s, not a user’s, not another Space’s', async () => {
    const { id } = await slotFor(alice)
    const foreign = await t.account({ space: t.other, admin: true })
    expect((await upload(id, wav(), {}, {})).status).toBe(401)
    expect((await upload(id, wav(), {}, { as: alice })).status).toBe(403)
    expect((await upload(id, wav(), {}, { as: foreign, host: t.other.host })).status).toBe(404)
    expect((await rows())[0]?.storedAs).toBeNull()
    expect(kept()).toEqual([])
  })

  test('to a slot that is none, or that has its file, is 404 and leaves nothing', async () => {
    expect((await upload('019c3f52-7d1e-7a40-8c6b-5e02d9b7f318', wav())).status).toBe(404)
    expect((await upload('nothing', wav())).status).toBe(404)
    const { id } = await heard(alice)
    const again = await upload(id, wav(2))
    expect([again.status, Object.keys(again.json)]).toEqual([404, ['message']])
    expect([kept().length, (await rows())[0]?.size]).toEqual([1, wav().length])
  })

  test('without its file, with another part, with none of the form, or with an empty one is refused', async () => {
    const { id } = await slotFor(alice)
    const json = { as: admin, body: { file: 'RIFF' } }
    const bare = { as: admin, body: wav(), headers: { 'content-type': 'audio/wav' } }
    const noBoundary = { as: admin, body: form(wav()).body, headers: { 'content-type': 'multipart/form-data' } }
    const replies = [
      await upload(id, null),
      await upload(id, wav(), { part: 'voice' }),
      await upload(id, Buffer.alloc(0)),
      await t.post(`/api/files/${id}`, json),
      await t.post(`/api/files/${id}`, bare),
      await t.post(`/api/files/${id}`, noBoundary),
      await t.post(`/api/files/${id}`, { as: admin }),
    ]
    expect(replies.map(({ status, json }) => [status, Object.keys(json.errors)])).toEqual(
      replies.map(() => [422, ['file']]),
    )
    expect([kept(), (await rows())[0]?.storedAs]).toEqual([[], null])
  })

  test('that breaks off is refused, and the slot takes the next one', async () => {
    const { id } = await slotFor(alice)
    const whole = form(wav(4))
    const broken = { ...whole, body: whole.body.subarray(0, 40_000) }
    const refused = await t.post(`/api/files/${id}`, { as: admin, ...broken })
    expect([refused.status, Object.keys(refused.json.errors)]).toEqual([422, ['file']])
    const failing = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.enqueue(whole.body.subarray(0, 40_000))
        controller.error(new Error('the client has gone'))
      },
    })
    expect((await t.post(`/api/files/${id}`, { as: admin, headers: whole.headers, body: failing })).status).toBe(422)
    expect([kept(), (await rows())[0]?.storedAs]).toEqual([[], null])
    expect((await upload(id, wav())).status).toBe(200)
  })

  test('is what its bytes say, whatever its name and its sender say', async () => {
    const png = Buffer.from('\x89PNG\r\n\x1a\n0000000000', 'latin1')
    const refusals: [string, Buffer][] = [
      ['audio/wav', png],
      ['audio/wav', opus()],
      ['audio/opus', wav()],
      ['audio/opus', Buffer.concat([Buffer.from('OggS'), Buffer.alloc(40)])],
      ['audio/wav', Buffer.from('RIFF')],
      ['audio/wav', Buffer.from('<html><script>alert(1)</script>')],
    ]
    for (const [type, file] of refusals) {
      const { id } = await slotFor(alice, { content_type: type })
      const refused = await upload(id, file, { type, name: 'voice.wav' })
      expect([type, refused.status, Object.keys(refused.json.errors ?? {})]).toEqual([type, 422, ['file']])
    }
    expect(kept()).toEqual([])
    const { id } = await slotFor(alice, { content_type: 'audio/opus' })
    expect((await upload(id, opus(), { type: 'application/octet-stream', name: 'C:\\voice\\x' })).status).toBe(200)
  })

  test('fills its slot: the name without its path, the size, and a link; the bytes are those that came', async () => {
    const { id } = await slotFor(alice, { sip_from: 'sip:bob@sip.example.org' })
    t.clock.now = new Date(t.clock.now.getTime() + 60_000)
    const reply = await upload(id, wav(3), { name: '/var/lib/flexisip/voicemail/été ?#1.wav' })
    expect(reply.status).toBe(200)
    const { name, download_url: link, ...rest } = reply.json
    expect(name).toMatch(/^[A-Za-z0-9]{8}_[A-Za-z0-9._-]+1\.wav$/)
    expect(rest).toEqual({
      id,
      size: wav(3).length,
      content_type: 'audio/wav',
      sip_from: 'sip:bob@sip.example.org',
      created_at: '2026-06-01T12:00:00.000000Z',
      uploaded_at: '2026-06-01T12:01:00.000000Z',
    })
    expect(link).toStartWith(`http://localhost/f/${id}/${name}/download?expires=`)
    const [row] = await rows()
    const key = row?.storedAs ?? ''
    expect([row?.durationSeconds, kept()]).toEqual([3, [join(key.slice(0, 2), key)]])
    expect(readFileSync(join(folder, 'files', key.slice(0, 2), key)).equals(wav(3))).toBe(true)
    expect((await t.get(`/api/accounts/me/voicemails/${id}`, { as: alice })).json).toMatchObject({ id, name })
  })

  test('keeps names short, and takes two paths for what they are', async () => {
    for (const [named, expected] of [
      ['x'.repeat(300), `_${'x'.repeat(91)}`],
      ['C:\\Users\\bob\\a b.wav', '_a_b.wav'],
      ['../../etc/passwd', '_passwd'],
      ['/', '_'],
    ] as const) {
      const { id } = await slotFor(alice)
      const { name } = (await upload(id, wav(), { name: named })).json
      expect(name.slice(8)).toBe(expected)
    }
  })

  test('of two at the same time fills the slot once, and leaves the bytes of that one', async () => {
    const { id } = await slotFor(alice)
    const replies = await Promise.all([upload(id, wav(1)), upload(id, wav(2)), upload(id, wav(3))])
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 404, 404])
    const won = replies.find(({ status }) => status === 200)?.json
    const [row] = await rows()
    expect([row?.size, kept().length]).toEqual([won.size, 1])
    const got = await t.get(at(won.download_url))
    expect(Buffer.byteLength(got.text, 'latin1')).toBe(won.size)
  })

  test('to a slot that is deleted meanwhile leaves nothing', async () => {
    const { id } = await slotFor(alice)
    const { body, headers } = form(wav(4))
    let step = 0
    const slow = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        step += 1
        if (step === 1) return controller.enqueue(body.subarray(0, 1000))
        await t.delete(`/api/accounts/me/voicemails/${id}`, { as: alice })
        controller.enqueue(body.subarray(1000))
        controller.close()
      },
    })
    expect((await t.post(`/api/files/${id}`, { as: admin, headers, body: slow })).status).toBe(404)
    expect([kept(), await rows()]).toEqual([[], []])
  })

  test('by a super administrator’s key works for accounts of every Space; a Flexisip has one address of us', async () => {
    const carol = await t.account({ space: t.other, username: 'carol', email: 'carol@example.org' })
    const slot = await slotFor(carol)
    expect(slot.upload_url).toBe(`http://other.localhost/api/files/${slot.id}`)
    const { status, json } = await upload(slot.id, wav())
    expect([status, json.download_url.startsWith('http://other.localhost/f/')]).toEqual([200, true])
    // Whoever is no super administrator of here finds nobody of there.
    const third = await t.space({ domain: 'sip.third.org', host: 'third.localhost' })
    const keeper = await t.account({ space: third, admin: true })
    const elsewhere = { as: keeper, host: third.host, body: { content_type: 'audio/wav' } }
    expect((await t.post(`/api/accounts/${carol.id}/voicemails`, elsewhere)).status).toBe(404)
    const cookie = { headers: { cookie: `x-api-key=${admin.key}` } }
    expect((await t.get(`/api/accounts/${carol.id}/voicemails`, cookie)).status).toBe(404)
  })
})

describe('an upload that is too long', () => {
  beforeAll(() => start({ UPLOAD_MAX_BYTES: '1048576' }))
  afterAll(stop)

  test('is 422 by its file, 413 by its form, announced or not; the longest that may be is not refused', async () => {
    const { id, max_upload_size: most } = await slotFor(alice)
    expect(most).toBe(1_048_576)
    const head = wav(0).length
    const tooLong = await upload(id, wav(0, most - head + 1))
    expect([tooLong.status, Object.keys(tooLong.json.errors)]).toEqual([422, ['file']])
    const huge = form(wav(0, most + 100_000))
    expect((await t.post(`/api/files/${id}`, { as: admin, ...huge })).status).toBe(413)
    const announced = { ...huge.headers, 'content-length': '999999999' }
    expect((await t.post(`/api/files/${id}`, { as: admin, body: huge.body, headers: announced })).status).toBe(413)
    const unannounced = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (let sent = 0; sent < huge.body.length; sent += 60_000)
          controller.enqueue(huge.body.subarray(sent, sent + 60_000))
        controller.close()
      },
    })
    expect((await t.post(`/api/files/${id}`, { as: admin, headers: huge.headers, body: unannounced })).status).toBe(413)
    expect([kept(), (await rows())[0]?.storedAs]).toEqual([[], null])
    expect((await upload(id, wav(0, most - head))).json.size).toBe(most)
  })
})

describe('a link to a file', () => {
  beforeAll(() => start())
  afterAll(stop)

  let uuid: string
  let name: string
  let link: string
  beforeEach(async () => {
    const { id, name: named, download_url: url } = await heard(alice, wav(2))
    uuid = id
    name = named
    link = at(url)
  })
  const bare = () => `/f/${uuid}/${name}`
  const session = async (who: TestAccount) => ({ cookie: await t.cookie(who) })

  test('opens nothing for whoever changes any of it, and nothing of what is not there', async () => {
    const { id: waiting } = await slotFor(alice)
    const query = new URL(`http://x${link}`).search
    const expires = /expires=(\d+)/.exec(query)?.[1]
    for (const path of [
      bare(),
      `${bare()}/download`,
      link.replace(/signature=..../, 'signature=AAAA'),
      link.replace(`expires=${expires}`, `expires=${Number(expires) + 1}`),
      link.replace(/&signature=.*/, ''),
      link.replace(/expires=\d+&/, ''),
      link.replace(name, 'other.wav'),
      link.replace(uuid, waiting),
      `/f/019c3f52-7d1e-7a40-8c6b-5e02d9b7f318/${name}${query}`,
      `/f/x/${name}${query}`,
      `/f/${waiting}/null${query}`,
    ]) {
      expect([path, (await t.get(path)).status]).toEqual([path, 404])
    }
    expect((await t.get(link, { host: t.other.host })).status).toBe(404)
  })

  test('opens it for fourteen days, and says afterwards that it has expired', async () => {
    const before = t.clock.now
    t.clock.now = new Date(before.getTime() + 14 * 86_400_000 - 1000)
    expect((await t.get(link)).status).toBe(200)
    t.clock.now = new Date(before.getTime() + 14 * 86_400_000)
    const late = await t.get(link)
    expect([late.status, late.json]).toEqual([410, { message: 'This link has expired.' }])
    const person = await t.get(link, { headers: { accept: 'text/html', 'accept-language': 'fr' } })
    expect([person.status, person.headers.get('content-type')]).toEqual([410, 'text/html; charset=utf-8'])
    expect(person.text).toContain('Ce lien a expiré.')
    t.clock.now = before
  })

  test('opens it without a signature for its account and administrators who are signed in, for nobody else', async () => {
    const keeper = await t.account({ admin: true })
    const foreign = await t.account({ space: t.other, admin: true })
    for (const [who, status] of [
      [alice, 200],
      [keeper, 200],
      [bob, 404],
      [foreign, 404],
    ] as const) {
      const headers = await session(who)
      expect([who.username, (await t.get(bare(), { headers })).status]).toEqual([who.username, status])
    }
    const barred = await t.account({ admin: true })
    const headers = await session(barred)
    await t.post(`/api/accounts/${barred.id}/block`, { as: admin })
    expect((await t.get(bare(), { headers })).status).toBe(404)
  })

  test('gives the bytes as what they are, to be played or kept, and no cookie', async () => {
    const inline = await t.get(link.replace('/download', ''))
    const kept = await t.get(link)
    for (const reply of [inline, kept]) {
      expect(reply.status).toBe(200)
      const told = ['content-type', 'content-length', 'accept-ranges', 'x-content-type-options', 'set-cookie']
      expect(told.map((header) => reply.headers.get(header))).toEqual([
        'audio/wav',
        String(wav(2).length),
        'bytes',
        'nosniff',
        null,
      ])
      expect(reply.headers.get('content-security-policy')).toBe('sandbox')
      expect(reply.headers.get('cache-control')).toStartWith('private')
      expect(Buffer.byteLength(reply.text, 'latin1')).toBe(wav(2).length)
    }
    expect(inline.headers.get('content-disposition')).toBe(`inline; filename=${name}`)
    expect(kept.headers.get('content-disposition')).toBe(`attachment; filename=${name}`)
  })

  test('gives the stretch that a player asks for, and 416 for one that is not there', async () => {
    const size = wav(2).length
    const ask = async (range: string, more: Record<string, string> = {}) => {
      const { status, headers, text } = await t.get(link, { headers: { range, ...more } })
      return [status, headers.get('content-range'), headers.get('content-length'), text.length]
    }
    expect(await ask('bytes=0-3')).toEqual([206, `bytes 0-3/${size}`, '4', 4])
    expect((await t.get(link, { headers: { range: 'bytes=8-11' } })).text).toBe('WAVE')
    expect(await ask(`bytes=${size - 4}-`)).toEqual([206, `bytes ${size - 4}-${size - 1}/${size}`, '4', 4])
    expect(await ask('bytes=-4')).toEqual([206, `bytes ${size - 4}-${size - 1}/${size}`, '4', 4])
    expect(await ask(`bytes=0-${size * 2}`)).toEqual([206, `bytes 0-${size - 1}/${size}`, String(size), size])
    expect(await ask(`bytes=${size}-`)).toEqual([416, `bytes */${size}`, '0', 0])
    expect(await ask('bytes=-0')).toEqual([416, `bytes */${size}`, '0', 0])
    for (const unknown of ['bytes=5-4', 'bytes=0-1,4-5', 'lines=0-1', 'bytes=', 'bytes=a-b', 'bytes=-']) {
      expect([unknown, ...(await ask(unknown))]).toEqual([unknown, 200, null, String(size), size])
    }
    const etag = (await t.get(link)).headers.get('etag') ?? ''
    expect((await ask('bytes=0-3', { 'if-range': etag }))[0]).toBe(206)
    expect((await ask('bytes=0-3', { 'if-range': '"another"' }))[0]).toBe(200)
  })

  test('answers HEAD like GET, without the bytes, until the voicemail is deleted', async () => {
    const head = await t.send('HEAD', link)
    expect([head.status, head.text, head.headers.get('content-length')]).toEqual([200, '', String(wav(2).length)])
    expect((await t.delete(`/api/accounts/me/voicemails/${uuid}`, { as: alice })).status).toBe(200)
    expect([(await t.send('HEAD', link)).status, (await t.get(link)).status]).toEqual([404, 404])
  })

  test('whose bytes are missing is 404, and somebody reads why', async () => {
    for (const file of kept()) rmSync(join(folder, 'files', file))
    expect((await t.get(link)).status).toBe(404)
    expect(t.lines.some((line) => line.includes('the file of a voicemail is missing'))).toBe(true)
  })
})

test('with FILES_PUBLIC_LINKS a link is good for everybody, and says no more than the name', async () => {
  await start({ FILES_PUBLIC_LINKS: 'true' })
  const { id, name, download_url: url } = await heard(alice)
  expect(url).toBe(`http://localhost/f/${id}/${name}/download`)
  expect([(await t.get(at(url))).status, (await t.get(`/f/${id}/other.wav`)).status]).toEqual([200, 404])
  await stop()
})

describe('the bytes of a voicemail', () => {
  beforeEach(() => start())
  afterEach(stop)

  const run = async (name: string) => {
    const job = t.parts.jobs.named(name)
    if (job === null) throw new Error(`no job ${name}`)
    return (await t.parts.jobs.run(job))?.count
  }

  test('go with it, at once', async () => {
    const { id } = await heard(alice)
    expect(kept()).toHaveLength(1)
    await t.delete(`/api/accounts/${alice.id}/voicemails/${id}`, { as: admin })
    expect([kept(), await rows()]).toEqual([[], []])
  })

  test('go with the account, and with the Space, once the job comes by', async () => {
    const carol = await t.account({ space: t.other, username: 'carol', email: 'carol@example.org' })
    const [own, other] = [await heard(alice), await heard(carol)]
    await slotFor(alice)
    await t.delete(`/api/accounts/${alice.id}`, { as: admin })
    expect((await t.get(at(own.download_url))).status).toBe(404)
    await t.delete(`/api/spaces/${t.other.domain}`, { as: admin })
    expect((await t.get(at(other.download_url), { host: t.other.host })).status).toBe(404)
    expect(kept()).toHaveLength(2)
    expect(await run('deleted-voicemails')).toBe(3)
    expect([kept(), await rows()]).toEqual([[], []])
  })

  test('that cannot be removed now go later, and keep no others', async () => {
    const [first, second] = [await heard(alice), await heard(bob)]
    const stored = new Map((await rows()).map(({ uuid, storedAs }) => [uuid, storedAs ?? '']))
    const [broken, whole] = [stored.get(first.id) ?? '', stored.get(second.id) ?? '']
    const pathOf = (key: string) => join(folder, 'files', key.slice(0, 2), key)
    // A folder in the place of a file is as good as a disk that refuses.
    rmSync(pathOf(broken))
    await Bun.write(join(pathOf(broken), 'in-the-way'), '')
    expect((await t.delete(`/api/accounts/me/voicemails/${first.id}`, { as: alice })).json).toBe(1)
    expect((await t.get(`/api/accounts/me/voicemails/${first.id}`, { as: alice })).status).toBe(404)
    await t.delete(`/api/accounts/${bob.id}`, { as: admin })
    expect(await run('deleted-voicemails')).toBe(1)
    expect([existsSync(pathOf(whole)), (await rows()).map(({ uuid }) => uuid)]).toEqual([false, [first.id]])
    rmSync(pathOf(broken), { recursive: true })
    expect(await run('deleted-voicemails')).toBe(1)
    expect(await rows()).toEqual([])
  })

  test('stay for FILES_RETENTION_DAYS after they came, and a slot waits for a day', async () => {
    const old = await heard(alice)
    const waiting = await slotFor(alice)
    const hours = (count: number) => {
      t.clock.now = new Date(Date.parse('2026-06-01T12:00:00.000Z') + count * 3_600_000)
    }
    hours(23)
    expect(await run('voicemails')).toBe(0)
    hours(25)
    expect(await run('accounts:clear-files')).toBe(1)
    expect((await rows()).map(({ uuid }) => uuid)).toEqual([old.id])
    expect((await t.get(`/api/accounts/me/voicemails/${waiting.id}`, { as: alice })).status).toBe(404)
    const young = await heard(alice)
    hours(7 * 24 + 1)
    expect(await run('voicemails')).toBe(1)
    expect([(await rows()).map(({ uuid }) => uuid), kept().length]).toEqual([[young.id], 1])
  })

  test('that nothing names are swept away after a day, and nothing else is', async () => {
    await heard(alice)
    const draft = await t.parts.files.draft()
    await draft.write(wav())
    const orphan = await draft.keep('audio/wav')
    const begun = await t.parts.files.draft()
    await begun.write(wav())
    await Bun.write(join(folder, 'files', 'README'), 'of somebody else')
    expect(kept()).toHaveLength(3)
    // Files are as old as the disk says.
    t.clock.now = new Date(Date.now() + 1000)
    expect(await run('orphaned-files')).toBe(0)
    t.clock.now = new Date(Date.now() + 25 * 3_600_000)
    expect(await run('orphaned-files')).toBe(2)
    expect(kept()).toHaveLength(1)
    expect(kept()[0]).not.toContain(orphan)
    expect(existsSync(join(folder, 'files', 'README'))).toBe(true)
    await begun.discard()
  })

  test('that no disk takes are refused with 503, and leave the slot as it was', async () => {
    const { id } = await slotFor(alice)
    await Bun.write(join(folder, 'files'), 'a file where the folder should be')
    const refused = await upload(id, wav())
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30'])
    expect((await rows())[0]?.storedAs).toBeNull()
    rmSync(join(folder, 'files'))
    expect((await upload(id, wav())).status).toBe(200)
  })
})

describe('the room of a Space', () => {
  beforeAll(() => start())
  afterAll(stop)

  const room = (bytes: unknown) =>
    t.parts.spaceAdministration.upsert({ ...named(), maxVoicemailBytes: bytes as number })
  const named = () => ({ domain: t.main.domain, host: t.main.host, name: t.main.name })

  test('is as large as you like until somebody says otherwise, over REST too', async () => {
    expect((await t.get(`/api/spaces/${t.main.domain}`, { as: admin })).json.max_voicemail_bytes).toBe(0)
    const made = { name: 'Made', domain: 'sip.made.org', host: 'made.localhost' }
    for (const bytes of [-1, 1.5, 'much', 2 ** 51]) {
      const refused = await t.post('/api/spaces', { as: admin, body: { ...made, max_voicemail_bytes: bytes } })
      expect([refused.status, Object.keys(refused.json.errors)]).toEqual([422, ['max_voicemail_bytes']])
    }
    const body = { ...made, max_voicemail_bytes: 10_000_000_000 }
    const created = await t.post('/api/spaces', { as: admin, body })
    expect([created.status, created.json.max_voicemail_bytes]).toEqual([201, 10_000_000_000])
    // Who publishes it anew without a word about it leaves it as it is.
    const { max_voicemail_bytes: _, ...rest } = created.json
    const changed = await t.put('/api/spaces/sip.made.org', { as: admin, body: { ...rest, name: 'Made anew' } })
    expect([changed.status, changed.json.max_voicemail_bytes]).toEqual([200, 10_000_000_000])
  })

  test('ends: no slot is made, and no file is taken that is too long for it', async () => {
    await room(2 * wav().length)
    const [first, second, third] = [await slotFor(alice), await slotFor(bob), await slotFor(alice)]
    expect(first.max_upload_size).toBe(2 * wav().length)
    expect((await upload(first.id, wav())).status).toBe(200)
    const refused = await upload(second.id, wav(2))
    expect([refused.status, Object.keys(refused.json.errors)]).toEqual([422, ['file']])
    const replies = await Promise.all([upload(second.id, wav()), upload(third.id, wav())])
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 422])
    expect(kept()).toHaveLength(2)
    const full = await t.post('/api/accounts/me/voicemails', { as: alice, body: { content_type: 'audio/wav' } })
    expect([full.status, Object.keys(full.json)]).toEqual([403, ['message']])
    const told = await t.post(`/api/accounts/${alice.id}/voicemails`, {
      as: admin,
      body: { content_type: 'audio/wav' },
    })
    expect(told.json.settings).toEqual(['max_voicemail_bytes'])
    // What is deleted makes room again; what others have is theirs.
    const elsewhere = await t.account({ space: t.other, email: 'elsewhere@example.org' })
    expect((await slotFor(elsewhere)).max_upload_size).toBe(33_554_432)
    await t.delete(`/api/accounts/me/voicemails/${first.id}`, { as: alice })
    expect((await slotFor(alice)).max_upload_size).toBe(wav().length)
    await room(0)
    expect((await slotFor(alice)).max_upload_size).toBe(33_554_432)
  })

  test('is that of the other Space once the account has moved there', async () => {
    const { id } = await heard(bob)
    const moved = await t.put(`/api/accounts/${bob.id}`, {
      as: admin,
      body: {
        username: 'bob',
        email: 'bob@example.org',
        domain: t.other.domain,
        password: 'correct-horse',
        algorithm: 'SHA-256',
      },
    })
    expect(moved.status).toBe(200)
    const row = (await rows()).find(({ uuid }) => uuid === id)
    expect(row?.spaceId).toBe(t.other.id)
  })

  test('has a thousand slots of one account that wait, and no more', async () => {
    const stamps = { createdAt: t.clock.now, updatedAt: t.clock.now }
    const dave = await t.account({ username: 'dave', email: 'dave@example.org' })
    const slot = { accountId: dave.id, spaceId: t.main.id, contentType: 'audio/wav' as const, ...stamps }
    const many = Array.from({ length: 1000 }, (_, number) => ({ uuid: `made-${number}`, ...slot }))
    await t.db.transaction((tx) => tx.insert(t.db.tables.voicemails).values(many))
    const refused = await t.post('/api/accounts/me/voicemails', { as: dave, body: { content_type: 'audio/wav' } })
    expect(refused.status).toBe(403)
  })
})

describe('an account with more voicemails than are read at once', () => {
  beforeAll(() => start())
  afterAll(stop)
  const MANY = 1201
  const FILLED = 1101

  /** Left without an upload each: the first hundred are slots that wait. */
  const leaveMany = async () => {
    const { voicemails } = t.db.tables
    const row = (i: number) => ({
      uuid: `019c3f52-7d1e-7a40-8c6b-${String(i).padStart(12, '0')}`,
      accountId: alice.id,
      contentType: 'audio/wav' as const,
      ...(i < MANY - FILLED ? {} : { name: `${i}.wav`, size: 4, storedAs: `stored-${i}`, uploadedAt: t.clock.now }),
      createdAt: t.clock.now,
      updatedAt: t.clock.now,
    })
    for (let i = 0; i < MANY; i += 100) {
      const some = Array.from({ length: Math.min(100, MANY - i) }, (_, n) => row(i + n))
      await t.db.transaction((tx) => tx.insert(voicemails).values(some))
    }
    await heard(bob)
  }

  test('has all of them in its list, each once, the newest first, and nobody else’s', async () => {
    expect((await t.get('/api/accounts/me/voicemails', { as: alice })).text).toBe('[]')
    await leaveMany()
    const all = Array.from({ length: MANY }, (_, i) => `019c3f52-7d1e-7a40-8c6b-${String(i).padStart(12, '0')}`)
    for (const [path, as] of [
      ['/api/accounts/me/voicemails', alice],
      [`/api/accounts/${alice.id}/voicemails`, admin],
    ] as const) {
      const { json, headers } = await t.get(path, { as })
      expect(json.map(({ id }: { id: string }) => id)).toEqual(all.toReversed())
      expect(headers.get('content-type')).toBe('application/json')
    }
  })

  test('has twenty on a page, of those that can be heard, and the newest three on the start page', async () => {
    const browser = { cookie: await t.cookie(alice), accept: 'text/html' }
    const page = async (path: string) => (await t.get(path, { headers: browser })).text
    const first = await page('/telephony')
    const last = await page(`/telephony?page=${Math.ceil(FILLED / 20)}`)
    const players = (text: string) => [...text.matchAll(/<audio /g)].length
    expect([players(first), players(last), players(await page('/telephony?page=99'))]).toEqual([20, 1, 1])
    expect(first).toContain('1,101')
    expect(players(await page('/dashboard'))).toBe(3)
  })
})

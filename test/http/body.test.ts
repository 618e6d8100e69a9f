import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { BODY_BYTES, LARGE_BODY_BYTES } from '../../src/http/body.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { FORM } from '../support/page.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

let t: TestApp
let admin: TestAccount
beforeAll(async () => {
  t = await testApp()
  admin = await t.account({ username: 'admin', admin: true })
})
afterAll(() => t.close())

let made = 0
const someone = () => {
  made += 1
  return { username: `someone.${made}`, password: 'correct-horse', algorithm: 'MD5' }
}
const create = (body: string, headers: Record<string, string> = JSON_TYPE) =>
  t.post('/api/accounts', { as: admin, body, headers })

describe('malformed JSON', () => {
  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/a+json',
  ]) {
    test(`is refused as ${type}, before anybody is asked who they are`, async () => {
      for (const body of ['{"a":', '{a:1}', '[1,', 'null null', '\u0000', '{"a":"\t"}']) {
        const reply = await t.post('/api/accounts', { body, headers: { 'content-type': type } })
        expect([body, reply.status]).toEqual([body, 400])
        expect(reply.json.message).toStartWith('Invalid JSON: ')
      }
    })
  }

  test('is refused without a content type when it begins like JSON', async () => {
    for (const body of ['{"a":', ' [1,']) {
      // A Blob without a type is sent without one.
      const request = new Request('http://localhost/api/accounts', {
        method: 'POST',
        headers: { host: 'localhost' },
        body: new Blob([body]),
      })
      expect(request.headers.get('content-type')).toBeNull()
      const reply = await t.front.fetch(request, { requestIP: () => null, port: 80 })
      expect(reply.status).toBe(400)
    }
  })

  test('is nothing to an unknown path, which is unknown first', async () => {
    expect((await t.post('/api/nothing', { body: '{"a":', headers: JSON_TYPE })).status).toBe(404)
  })

  test('is refused when it nests without end, and says so instead of breaking', async () => {
    const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}1${close.repeat(depth)}`
    for (const depth of [100, 10_000, 170_000]) {
      expect((await create(nested(depth, '{"a":', '}'))).status).toBe(400)
      expect((await create(`{"a":${nested(depth, '[', ']')}}`)).status).toBe(400)
    }
    expect((await create(JSON.stringify({ ...someone(), ignored: [[[[[1]]]]] }))).status).toBe(200)
  })
})

describe('text that no database holds', () => {
  test('is refused in bodies, queries and paths alike, and leaves no trace', async () => {
    const before = await t.snapshot()
    for (const member of ['username', 'password', 'email', 'display_name', 'phone', 'domain', 'unknown']) {
      const body = { ...someone(), [member]: 'a\u0000b' }
      expect([member, (await create(JSON.stringify(body))).status]).toEqual([member, 400])
    }
    expect((await create('username=a%00b', FORM)).status).toBe(400)
    expect((await create(JSON.stringify({ ...someone(), dictionary: { a: 'x\u0000' } }))).status).toBe(400)
    expect((await create(JSON.stringify({ ...someone(), dictionary: { 'a\u0000': 'x' } }))).status).toBeOneOf([
      400, 422,
    ])
    expect((await t.get('/api/accounts?page=%00', { as: admin })).status).toBe(400)
    for (const path of ['/api/accounts/a%00b@sip.example.org/search', `/api/accounts/${admin.id}/dictionary/%00`]) {
      expect([path, (await t.get(path, { as: admin })).status]).toEqual([path, 404])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('of half a character never breaks anything', async () => {
    for (const member of ['username', 'password', 'email', 'display_name', 'phone', 'domain']) {
      const reply = await create(
        `{"algorithm":"MD5","username":"someone.x","password":"correct-horse","${member}":"a\\ud800"}`,
      )
      expect([member, reply.status < 500]).toEqual([member, true])
    }
  })
})

describe('a body', () => {
  test('that is no object has no members', async () => {
    for (const body of ['[]', '[{"username":"carol.1"}]', '"text"', '5', 'true', 'null', '', '  ', '{}']) {
      const reply = await create(body)
      expect([body, reply.status, Object.keys(reply.json.errors)]).toEqual([
        body,
        422,
        ['username', 'password', 'algorithm'],
      ])
    }
  })

  test('may hold members that nobody asked for', async () => {
    const body = { ...someone(), id: 1, ['__proto__']: { admin: true }, constructor: 1, api_key: 'x' }
    const reply = await create(JSON.stringify(body))
    expect([reply.status, reply.json.admin]).toEqual([200, false])
  })

  test('has its last value where a member stands twice', async () => {
    const { username, password } = someone()
    const reply = await create(`{"username":"x","algorithm":"MD5","password":"${password}","username":"${username}"}`)
    expect(reply.json.username).toBe(username)
  })

  test('is trimmed at the edges, and blank text is null, except in passwords', async () => {
    const { username } = someone()
    const body = {
      username: ` \t${username}\n`,
      password: ' correct ',
      algorithm: ' MD5',
      email: '',
      display_name: '  ',
    }
    const reply = await create(JSON.stringify(body))
    expect(reply.json).toMatchObject({ username, email: null, display_name: null })
    const who = { ...admin, username, password: ' correct ' }
    expect((await t.digest(who, 'GET', '/api/accounts/me')).status).toBe(200)
    expect((await create(JSON.stringify({ ...someone(), username: '   ' }))).json.errors.username).toHaveLength(1)
  })

  test('may be a form, or JSON that curl calls a form', async () => {
    const { username, password, algorithm } = someone()
    const form = await create(new URLSearchParams({ username, password, algorithm, activated: '1' }).toString(), FORM)
    expect([form.status, form.json.activated]).toEqual([200, true])
    expect((await create(JSON.stringify(someone()), FORM)).status).toBe(200)
    const parts = Object.entries(someone()).map(
      ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    )
    const multipart = { 'content-type': 'multipart/form-data; boundary=b' }
    expect((await create(`${parts.join('')}--b--\r\n`, multipart)).status).toBe(200)
    expect((await create('--b\r\nnonsense', multipart)).status).toBe(422)
  })

  test('is read as UTF-8', async () => {
    const reply = await create(JSON.stringify({ ...someone(), display_name: 'Zoë Ωmega 🦊' }))
    expect(reply.json.display_name).toBe('Zoë Ωmega 🦊')
  })

  test('wins over the query, which never gives a password', async () => {
    const { username, password } = someone()
    const body = JSON.stringify({ username, algorithm: 'MD5' })
    const query = `?password=${password}&username=other&admin=1`
    const reply = await t.post(`/api/accounts${query}`, { as: admin, body, headers: JSON_TYPE })
    expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, ['password']])
  })
})

describe('a body over the limit', () => {
  const refused = { message: `The body is larger than ${LARGE_BODY_BYTES} bytes.` }
  const streamed = (bytes: number) => {
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent >= bytes) return controller.close()
        sent += 65_536
        controller.enqueue(new Uint8Array(65_536).fill(0x20))
      },
    })
    return new Request('http://localhost/api/accounts', {
      method: 'POST',
      headers: { host: 'localhost', 'x-api-key': admin.key, ...JSON_TYPE },
      body,
    })
  }

  test('is refused in our own words, by its announced length alone', async () => {
    const reply = await create('{}', { ...JSON_TYPE, 'content-length': String(LARGE_BODY_BYTES + 1) })
    expect([reply.status, reply.json]).toEqual([413, refused])
    expect(reply.headers.get('content-type')).toBe('application/json')
  })

  test('is refused while it arrives when it announces none', async () => {
    const reply = await t.front.fetch(streamed(LARGE_BODY_BYTES + 65_536), { requestIP: () => null, port: 80 })
    expect([reply.status, (await reply.json()) as unknown]).toEqual([413, refused])
    const within = await t.front.fetch(streamed(LARGE_BODY_BYTES), { requestIP: () => null, port: 80 })
    expect(within.status).toBe(422)
  })

  const OPEN = '/api/accounts/with-account-creation-token'

  test('is sooner over where anybody may post: 64 KiB are enough for every form', async () => {
    expect(BODY_BYTES).toBe(65_536)
    const body = (bytes: number) => JSON.stringify({ email: 'a'.repeat(bytes - 12) })
    const reply = await t.post(OPEN, { body: body(BODY_BYTES + 1), headers: JSON_TYPE })
    expect([reply.status, reply.json]).toEqual([413, { message: `The body is larger than ${BODY_BYTES} bytes.` }])
    expect((await t.post(OPEN, { body: body(BODY_BYTES), headers: JSON_TYPE })).status).toBe(422)
    // A route that takes neither a dictionary nor long texts has the same limit for an administrator.
    const path = `/api/accounts/${admin.id}/actions`
    expect((await t.post(path, { as: admin, body: body(BODY_BYTES + 1), headers: JSON_TYPE })).status).toBe(413)
  })

  test('of a stranger is not read where the route would take it: the challenge comes first', async () => {
    const body = JSON.stringify({ vcard: 'x'.repeat(200_000) })
    const headers = { ...JSON_TYPE, from: `sip:${admin.username}@${admin.domain}` }
    const reply = await t.post('/api/accounts/me/vcards-storage', { body, headers })
    expect([reply.status, reply.headers.has('www-authenticate')]).toEqual([401, true])
    const known = await t.post('/api/accounts/me/vcards-storage', { as: admin, body, headers: JSON_TYPE })
    expect([known.status, Object.keys(known.json.errors)]).toEqual([422, ['vcard']])
  })

  test('costs nobody a look-up: also strangers get the 413', async () => {
    const headers = { ...JSON_TYPE, 'content-length': String(LARGE_BODY_BYTES + 1) }
    expect((await t.post('/api/accounts', { body: '{}', headers })).status).toBe(413)
  })
})

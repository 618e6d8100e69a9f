import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Call, type TestAccount, type TestApp, testApp } from '../support/app.ts'

// What may be said about an account (behaviour/accounts.md §2): every rule with its own sentence, all of them at once,
// and after a refusal nothing anywhere has changed.

let t: TestApp
let admin: TestAccount
let plain: TestAccount

const OTHER = 'other.localhost'
const valid = { username: 'carol.1', password: 'correct-horse', algorithm: 'MD5' }
const create = (body: unknown, call: Call = {}) => t.post('/api/accounts', { as: admin, body, ...call })

const REQUIRED = {
  username: ['The username field is required.'],
  password: ['The password field is required.'],
  algorithm: ['The algorithm field is required.'],
}
const UPPER = 'The username must not contain upper-case letters.'
const PHONE = 'The username must not be a phone number.'
const TAKEN = 'The username is already used.'
const PATTERN = 'The username contains characters that are not allowed in a SIP address.'
const SHORT = 'The username must be at least 6 characters.'
const LONG = 'The username must not be longer than 64 characters.'
const CONTROL = 'The username must not contain control characters.'
const CHOICES = 'The algorithm must be one of: MD5, SHA-256.'
const EMAIL = 'The e-mail must be an e-mail address.'
const NUMBER = 'The phone must be a phone number in international form, such as +33612345678.'
const COUNTRY = 'Phone numbers of this country are not accepted here.'
const DICTIONARY = 'The dictionary must be an object of at most 1000 texts, each and its key of at most 255 characters.'
const flag = (name: string) => `The ${name} must be true or false.`

beforeAll(async () => {
  t = await testApp({
    env: { ACCOUNT_BLACKLISTED_USERNAMES: 'foobar,username-.*,[unclosed,+1.x' },
  })
  admin = await t.account({ username: 'admin', admin: true })
  plain = await t.account({ space: t.other, admin: true })
  await t.account({ username: 'taken.1', phone: '+33612345678' })
  const gone = await t.account({ username: 'gone.1' })
  await t.delete(`/api/accounts/${gone.id}`, { as: admin })
  await t.parts.phoneCountries.activate(null, 'FR')
})
afterAll(() => t.close())

const refusals: [string, unknown, Record<string, string[]>][] = [
  ['no body', undefined, REQUIRED],
  ['a list', [1, 2], REQUIRED],
  ['a word', '"carol"', REQUIRED],
  ['nothing but blanks', { username: ' \t', password: '', algorithm: '\n' }, REQUIRED],
  ['null everywhere', { username: null, password: null, algorithm: null }, REQUIRED],

  ['upper case', { ...valid, username: 'Carol.1' }, { username: [UPPER, PATTERN] }],
  ['a phone number as a name', { ...valid, username: '+33612345678' }, { username: [PHONE] }],
  ['a number of nobody’s plan, but of a country', { ...valid, username: '+336123456' }, { username: [PHONE] }],
  ['a taken name', { ...valid, username: 'taken.1' }, { username: [TAKEN] }],
  ['a dead man’s name', { ...valid, username: 'gone.1' }, { username: [TAKEN] }],
  ['a blacklisted name', { ...valid, username: 'foobar' }, { username: [TAKEN] }],
  ['a name around a blacklisted one', { ...valid, username: 'xfoobarx' }, { username: [TAKEN] }],
  ['a name by a blacklisted pattern', { ...valid, username: 'username-gnap' }, { username: [TAKEN] }],
  ['blanks inside', { ...valid, username: 'carol 1x' }, { username: [PATTERN] }],
  ['an @', { ...valid, username: 'carol@x' }, { username: [PATTERN] }],
  ['an emoji', { ...valid, username: 'carol🙂' }, { username: [PATTERN] }],
  ['half an emoji', { ...valid, username: 'carol.\ud83d' }, { username: [CONTROL] }],
  ['five characters', { ...valid, username: 'carol' }, { username: [SHORT] }],
  ['65 characters', { ...valid, username: 'c'.repeat(65) }, { username: [LONG] }],
  ['all that is wrong with a name', { ...valid, username: 'A B' }, { username: [UPPER, PATTERN, SHORT] }],
  ['a short number as a name', { ...valid, username: 12 }, { username: [SHORT] }],
  ['a name that is true', { ...valid, username: true }, { username: ['The username must be text.'] }],
  ['a name that is an object', { ...valid, username: { a: 1 } }, { username: ['The username must be text.'] }],
  ['a name that is a list', { ...valid, username: ['carol.1'] }, { username: ['The username must be text.'] }],

  ['a short password', { ...valid, password: '12345' }, { password: ['The password must be at least 6 characters.'] }],
  ['a short number', { ...valid, password: 12345 }, { password: ['The password must be at least 6 characters.'] }],
  ['three emoji', { ...valid, password: '🙂🙂🙂' }, { password: ['The password must be at least 6 characters.'] }],
  ['a password that is an object', { ...valid, password: {} }, { password: ['The password must be text.'] }],
  ['a password that is false', { ...valid, password: false }, { password: ['The password must be text.'] }],

  ['an algorithm in other letters', { ...valid, algorithm: 'md5' }, { algorithm: [CHOICES] }],
  ['another algorithm', { ...valid, algorithm: 'SHA-512-256' }, { algorithm: [CHOICES] }],
  ['an algorithm that is a number', { ...valid, algorithm: 5 }, { algorithm: [CHOICES] }],
  ['no algorithm', { ...valid, algorithm: undefined }, { algorithm: REQUIRED.algorithm }],

  ['an address without @', { ...valid, email: 'carol' }, { email: [EMAIL] }],
  ['an address without a domain', { ...valid, email: 'carol@' }, { email: [EMAIL] }],
  ['an address with two dots', { ...valid, email: 'c..x@example.org' }, { email: [EMAIL] }],
  ['an address that ends its name with a dot', { ...valid, email: 'c.@example.org' }, { email: [EMAIL] }],
  ['two addresses', { ...valid, email: 'a@example.org,b@example.org' }, { email: [EMAIL] }],
  ['an address and a header', { ...valid, email: 'a@example.org\nBcc: b@example.org' }, { email: [EMAIL] }],
  [
    'an address of 65 characters',
    { ...valid, email: `${'c'.repeat(53)}@example.org` },
    { email: ['The e-mail must not be longer than 64 characters.'] },
  ],
  ['an address that is a number', { ...valid, email: 5 }, { email: ['The e-mail must be text.'] }],

  ['a national number', { ...valid, phone: '0612345678' }, { phone: [NUMBER] }],
  ['a number that cannot exist', { ...valid, phone: '+33012345678' }, { phone: [NUMBER] }],
  ['a number and more', { ...valid, phone: '+33612345678;ext=1' }, { phone: [NUMBER] }],
  ['a number of a closed country', { ...valid, phone: '+31612345678' }, { phone: [COUNTRY] }],
  ['a number of no country', { ...valid, phone: '+80012345678' }, { phone: [COUNTRY] }],
  ['somebody’s number', { ...valid, phone: '+33612345678' }, { phone: ['The phone is already used.'] }],
  ['somebody’s number otherwise', { ...valid, phone: '+33 6-12.34 56 78' }, { phone: ['The phone is already used.'] }],
  ['a number that is a number', { ...valid, phone: 33612345679 }, { phone: ['The phone must be text.'] }],

  [
    'a bell in a name',
    { ...valid, display_name: 'a\u0007b' },
    { display_name: ['The display name must not contain control characters.'] },
  ],
  [
    'a line break in a name',
    { ...valid, display_name: 'a\r\nb' },
    { display_name: ['The display name must not contain control characters.'] },
  ],
  [
    'a long display name',
    { ...valid, display_name: 'x'.repeat(256) },
    { display_name: ['The display name must not be longer than 255 characters.'] },
  ],
  [
    'a display name that is a list',
    { ...valid, display_name: [] },
    { display_name: ['The display name must be text.'] },
  ],
  [
    'an unknown DTMF protocol',
    { ...valid, dtmf_protocol: 'inband' },
    { dtmf_protocol: ['The DTMF protocol must be one of: sipinfo, rfc2833, sipmessage.'] },
  ],
  ['a domain that is an object', { ...valid, domain: {} }, { domain: ['The domain must be text.'] }],

  ...['true', 'false', 'yes', '2', 2, -1, 0.5, [], {}].map((value): [string, unknown, Record<string, string[]>] => [
    `${JSON.stringify(value)} as a truth`,
    { ...valid, activated: value, admin: value, blocked: value },
    { activated: [flag('activated')], blocked: [flag('blocked')], admin: [flag('admin')] },
  ]),

  ...[
    ['x'],
    'x',
    5,
    true,
    { a: 1 },
    { a: true },
    { a: null },
    { a: '' },
    { a: { b: 'c' } },
    { a: ['b'] },
    { a: 'x'.repeat(256) },
    { ['x'.repeat(256)]: 'a' },
    { '': 'a' },
    { '  ': 'a' },
    { a: 'half \ud83d' },
    { 'a\0': 'b' },
    Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`key${i}`, 'x'])),
  ].map((value): [string, unknown, Record<string, string[]>] => [
    `the dictionary ${JSON.stringify(value).slice(0, 24)}`,
    { ...valid, dictionary: value },
    { dictionary: [DICTIONARY] },
  ]),

  [
    'everything at once',
    {
      username: 'Foobar',
      algorithm: 'x',
      email: 'x',
      phone: '0',
      dtmf_protocol: 'x',
      activated: 'x',
      dictionary: 'x',
      display_name: '\u0001',
    },
    {
      username: [UPPER, PATTERN],
      password: REQUIRED.password,
      algorithm: [CHOICES],
      email: [EMAIL],
      phone: [NUMBER],
      display_name: ['The display name must not contain control characters.'],
      dtmf_protocol: ['The DTMF protocol must be one of: sipinfo, rfc2833, sipmessage.'],
      activated: [flag('activated')],
      dictionary: [DICTIONARY],
    },
  ],
]

describe('creating an account refuses', () => {
  for (const [name, body, errors] of refusals) {
    test(`${name}, and stores nothing`, async () => {
      const before = await t.snapshot()
      const reply = await create(body)
      expect([reply.status, reply.json?.errors]).toEqual([422, errors])
      const messages = Object.values(errors).flat()
      const more = messages.length - 1
      const rest = more === 0 ? '' : ` (and ${more} more error${more === 1 ? '' : 's'})`
      expect(reply.json.message).toBe(`${messages[0]}${rest}`)
      expect(Object.keys(reply.json.errors)).toEqual(Object.keys(errors))
      expect(await t.snapshot()).toBe(before)
    })
  }

  test('a body that nests without end, as the malformed JSON that it is', async () => {
    for (const depth of [40, 100_000]) {
      const reply = await create(`{"dictionary":${'['.repeat(depth)}${']'.repeat(depth)}}`)
      expect([depth, reply.status, reply.json.message.startsWith('Invalid JSON')]).toEqual([depth, 400, true])
    }
  })

  test('users and strangers for who they are, before it reads what they say', async () => {
    const user = await t.account({})
    const before = await t.snapshot()
    for (const body of [{}, valid, 'not json at all']) {
      expect((await create(body, { as: user })).status).toBe(body === 'not json at all' ? 403 : 403)
    }
    expect((await t.post('/api/accounts', { body: valid })).status).toBe(401)
    expect(await t.snapshot()).toBe(before)
  })
})

describe('creating an account accepts', () => {
  let made = 0
  const accepted = async (more: Record<string, unknown>, call: Call = {}) => {
    made += 1
    const reply = await create({ ...valid, username: `accepted.${made}`, ...more }, call)
    expect([JSON.stringify(more), reply.status, reply.json.errors]).toEqual([JSON.stringify(more), 200, undefined])
    return reply.json
  }

  test('names of six characters, of 64, and as numbers', async () => {
    expect((await accepted({ username: 'abc+_-' })).username).toBe('abc+_-')
    expect((await accepted({ username: 'c'.repeat(64) })).username).toHaveLength(64)
    expect((await accepted({ username: 123456 })).username).toBe('123456')
    expect((await accepted({ username: '0612121212' })).username).toBe('0612121212')
    expect((await accepted({ username: '  trimmed.1 ' })).username).toBe('trimmed.1')
  })

  test('passwords in any script, as numbers, and with blanks at their edges', async () => {
    for (const password of [' spaces ', 'пароль', '密码密码密码', '🙂🙂🙂🙂🙂🙂', 'x'.repeat(5000), 1234567]) {
      const { username } = await accepted({ password })
      const who = { ...admin, username, password: String(password) }
      expect((await t.digest(who, 'GET', '/api/accounts/me')).status).toBe(200)
    }
  })

  test('addresses of every kind, and none', async () => {
    for (const email of ['a@b.co', "o'neil+x@example.org", 'jürgen@example.org', 'a@xn--bcher-kva.example', null]) {
      expect((await accepted({ email })).email).toBe(email)
    }
  })

  test('numbers in international form, which it keeps as E.164', async () => {
    expect((await accepted({ phone: ' +33 (6) 11-22.33 44 ' })).phone).toBe('+33611223344')
    expect((await accepted({ phone: null })).phone).toBeNull()
    expect((await accepted({ phone: '  ' })).phone).toBeNull()
  })

  test('truth as true, 1 and "1", and everything else as its absence', async () => {
    for (const yes of [true, 1, '1']) {
      expect(await accepted({ activated: yes, admin: yes, blocked: yes })).toMatchObject({
        activated: true,
        admin: true,
        blocked: true,
      })
    }
    for (const no of [false, 0, '0', null, '', undefined]) {
      expect(await accepted({ activated: no, admin: no, blocked: no })).toMatchObject({
        activated: false,
        admin: false,
        blocked: false,
      })
    }
  })

  test('dictionaries of text, whatever their keys are called', async () => {
    for (const dictionary of [
      { department: 'sales' },
      { '0': 'a', '1': 'b' },
      { ключ: 'значение', '🙂': '🙃' },
      { constructor: 'x', toString: 'y' },
      { a: 'x'.repeat(255), ['y'.repeat(255)]: 'b' },
      { quotes: '"\\\'', lines: 'a\nb' },
      {},
    ]) {
      expect((await accepted({ dictionary })).dictionary).toEqual(dictionary)
    }
    expect((await accepted({ dictionary: [] })).dictionary).toEqual({})
    expect((await accepted({ dictionary: null })).dictionary).toEqual({})
    const reply = await create(
      '{"username":"prototype.1","password":"correct-horse","algorithm":"MD5","dictionary":{"__proto__":"x"}}',
    )
    expect([reply.status, reply.text.includes('"dictionary":{"__proto__":"x"}')]).toEqual([200, true])
    const most = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`key${i}`, 'x']))
    expect((await accepted({ dictionary: most })).dictionary).toEqual(most)
  })

  test('display names and DTMF protocols', async () => {
    expect((await accepted({ display_name: "  Séan O'Neil 🙂 " })).display_name).toBe("Séan O'Neil 🙂")
    for (const dtmf_protocol of ['sipinfo', 'rfc2833', 'sipmessage', null]) {
      expect((await accepted({ dtmf_protocol })).dtmf_protocol).toBe(dtmf_protocol)
    }
  })

  test('and ignores what is not an administrator’s to say', async () => {
    const account = await accepted({
      id: 99_999,
      ip_address: '10.9.8.7',
      user_agent: 'invented',
      created_at: '2000-01-01T00:00:00.000000Z',
      provisioning_token: 'x'.repeat(13),
      passwords: [{ algorithm: 'CLRTXT' }],
      api: true,
      asAdmin: true,
    })
    expect(account).toMatchObject({ ip_address: '192.0.2.7', user_agent: 'Example', passwords: [{ algorithm: 'MD5' }] })
    expect([account.id === 99_999, account.created_at < '2001', account.provisioning_token === 'x'.repeat(13)]).toEqual(
      [false, false, false],
    )
  })

  test('the administrator’s user agent, cut to what a column holds', async () => {
    expect((await accepted({}, { headers: { 'user-agent': 'Provisioner/1.0' } })).user_agent).toBe('Provisioner/1.0')
    expect((await accepted({}, { headers: { 'user-agent': 'x'.repeat(600) } })).user_agent).toHaveLength(255)
  })
})

describe('the domain', () => {
  test('of a plain administrator is always the own one, but a domain that nobody has is refused', async () => {
    const call = { as: plain, host: OTHER }
    const own = await create({ ...valid, username: 'domain.1', domain: 'sip.other.org' }, call)
    const foreign = await create({ ...valid, username: 'domain.2', domain: 'sip.example.org' }, call)
    expect([own.json.domain, foreign.json.domain]).toEqual(['sip.other.org', 'sip.other.org'])
    const unknown = await create({ ...valid, username: 'domain.3', domain: 'sip.nowhere.org' }, call)
    expect([unknown.status, unknown.json.errors]).toEqual([
      422,
      { domain: ['The domain is not the SIP domain of a configured space.'] },
    ])
  })

  test('of a super administrator may be any, and an unknown one is refused before the rest is read', async () => {
    expect((await create({ ...valid, username: 'domain.4', domain: 'sip.other.org' })).json.domain).toBe(
      'sip.other.org',
    )
    expect((await create({ domain: 'sip.nowhere.org' })).status).toBe(403)
  })

  test('decides where a name is taken: the same one lives in two Spaces', async () => {
    expect((await create({ ...valid, username: 'taken.1', domain: 'sip.other.org' })).status).toBe(200)
    const reply = await create({ ...valid, username: 'numbers.1', phone: '+33612345678', domain: 'sip.other.org' })
    expect(reply.json.phone).toBe('+33612345678')
  })

  test('may stand in the query, the credentials may not', async () => {
    const reply = await t.post('/api/accounts?domain=sip.other.org', {
      as: admin,
      body: { ...valid, username: 'domain.5' },
    })
    expect(reply.json.domain).toBe('sip.other.org')
    const query = new URLSearchParams(valid).toString()
    expect((await t.post(`/api/accounts?${query}`, { as: admin, body: {} })).json.errors).toEqual(REQUIRED)
  })
})

describe('a full Space', () => {
  test('says so before it looks at anything else, to super administrators as well', async () => {
    const full = await t.space({ domain: 'sip.full.org', host: 'full.localhost', maxAccounts: 2 })
    const own = await t.account({ space: full, admin: true })
    const there = { as: own, host: full.host }
    expect((await create({ ...valid, username: 'second' }, there)).status).toBe(200)
    const before = await t.snapshot()
    for (const body of [{}, { ...valid, username: 'third.1' }]) {
      const reply = await create(body, there)
      expect([reply.status, reply.json]).toEqual([403, { message: 'No account can be created in this space.' }])
    }
    expect((await create({ ...valid, domain: full.domain })).status).toBe(403)
    expect(await t.snapshot()).toBe(before)
    const [second] = (await t.get('/api/accounts', there)).json.data.filter(
      ({ username }: { username: string }) => username === 'second',
    )
    await t.delete(`/api/accounts/${second.id}`, there)
    expect((await create({ ...valid, username: 'third.1' }, there)).status).toBe(200)
  })
})

describe('a Space with an algorithm of its own', () => {
  test('needs none in the request, refuses another, and stores its own', async () => {
    for (const algorithm of ['MD5', 'SHA-256'] as const) {
      const other = algorithm === 'MD5' ? 'SHA-256' : 'MD5'
      const space = await t.space({
        domain: `sip.${algorithm}.org`.toLowerCase(),
        host: `${algorithm}.localhost`.toLowerCase(),
        digest: { realm: `realm of ${algorithm}`, defaultPasswordAlgorithm: algorithm },
      })
      const there = { as: await t.account({ space, admin: true, algorithm }), host: space.host }
      const refused = await create({ ...valid, algorithm: other }, there)
      expect([refused.status, refused.json.errors]).toEqual([
        422,
        { algorithm: [`The algorithm must be one of: ${algorithm}.`] },
      ])
      const made = await create({ ...valid, algorithm: null }, there)
      expect([made.json.passwords, made.json.realm]).toEqual([[{ algorithm }], `realm of ${algorithm}`])
      const [row] = (await t.db.read.select().from(t.db.tables.passwords)).filter(
        ({ accountId }) => accountId === made.json.id,
      )
      const hash = algorithm === 'MD5' ? Bun.MD5.hash : Bun.SHA256.hash
      expect(row?.password).toBe(hash(`carol.1:realm of ${algorithm}:correct-horse`, 'hex') as string)
    }
  })

  test('and one without DIGEST makes accounts that have no password', async () => {
    const space = await t.space({ domain: 'sip.sso.org', host: 'sso.localhost', digest: null })
    const made = await create({ ...valid, domain: space.domain })
    expect([made.status, made.json.passwords, made.json.realm]).toEqual([200, [], null])
  })
})

describe('a Space with unique e-mail addresses', () => {
  test('refuses a second one, also on change, and lets an account keep its own', async () => {
    const space = await t.space({ domain: 'sip.unique.org', host: 'unique.localhost', uniqueEmail: true })
    const there = { as: await t.account({ space, admin: true }), host: space.host }
    const first = (await create({ ...valid, email: 'a@example.org' }, there)).json
    const taken = { email: ['The e-mail is already used.'] }
    const second = { ...valid, username: 'carol.2', email: 'a@example.org' }
    expect((await create(second, there)).json.errors).toEqual(taken)
    const { id } = (await create({ ...second, email: 'b@example.org' }, there)).json
    expect((await t.put(`/api/accounts/${id}`, { ...there, body: { ...second } })).json.errors).toEqual(taken)
    const kept = await t.put(`/api/accounts/${first.id}`, { ...there, body: { ...valid, email: 'a@example.org' } })
    expect([kept.status, kept.json.email]).toEqual([200, 'a@example.org'])
    // Elsewhere the address is free.
    expect((await create({ ...valid, username: 'carol.9', email: 'a@example.org' })).status).toBe(200)
  })
})

describe('settings', () => {
  test('widen and narrow what a name may be', async () => {
    const wide = await testApp({
      env: {
        ACCOUNT_USERNAME_REGEX: '^[a-z0-9🙂-]*$',
        ACCOUNT_USERNAME_MIN_LENGTH: '1',
        ACCOUNT_PASSWORD_MIN_LENGTH: '3',
        APP_ALLOW_PHONE_NUMBER_USERNAME_ADMIN_API: 'true',
      },
    })
    const boss = await wide.account({ admin: true })
    const ask = (body: unknown) => wide.post('/api/accounts', { as: boss, body })
    const made = await ask({ username: 'c🙂', password: 'abc', algorithm: 'MD5' })
    expect([made.status, made.json.username]).toEqual([200, 'c🙂'])
    expect((await ask({ username: 'c🙃', password: 'ab', algorithm: 'MD5' })).json.errors).toEqual({
      username: [PATTERN],
      password: ['The password must be at least 3 characters.'],
    })
    await wide.close()
  })

  test('let administrators give numbers as names, which nobody else may then have as a number', async () => {
    const lenient = await testApp({ env: { APP_ALLOW_PHONE_NUMBER_USERNAME_ADMIN_API: 'true' } })
    await lenient.parts.phoneCountries.activate(null, 'FR')
    const boss = await lenient.account({ admin: true })
    const ask = (body: unknown) => lenient.post('/api/accounts', { as: boss, body })
    const made = await ask({ ...valid, username: '+33612345678' })
    expect([made.status, made.json.username]).toEqual([200, '+33612345678'])
    const second = await ask({ ...valid, phone: '+33 6 12 34 56 78' })
    expect(second.json.errors).toEqual({ phone: ['The phone is already used.'] })
    await lenient.close()
  })
})

describe('field names', () => {
  test('exist in every language for every member that a route reads', async () => {
    const catalogues: Record<string, Record<string, string>> = {
      en: (await import('../../src/messages/en.json')).default,
      fr: (await import('../../src/messages/fr.json')).default,
    }
    type Documented = { requestBody?: { content: Record<string, { schema: { properties: object } }> } }
    const fields = t.routes.routes.flatMap(({ hooks }) => {
      const detail = (hooks as { detail?: Documented }).detail
      const schema = detail?.requestBody?.content['application/json']?.schema
      return schema === undefined ? [] : Object.keys(schema.properties)
    })
    expect(fields).toContain('username')
    for (const [language, catalogue] of Object.entries(catalogues)) {
      expect([
        language,
        [...new Set([...fields, 'key'])].filter((name) => catalogue[`attr.${name}`] === undefined),
      ]).toEqual([language, []])
    }
  })
})
